namespace Dapari.Wire.Files;

/// <summary>Names a page of hashes.</summary>
/// <param name="Level">1 to <see cref="FileShape.MaxLevels"/>: its hashes are of the level below.</param>
/// <param name="Index">Which of the level, from 0.</param>
public readonly record struct TreePage(int Level, long Index);
