using System.Net.Security;

namespace Dapari.Node.Paths;

/// <summary>A connection to the node's port that is for no attempt at a path.</summary>
/// <param name="Options">How its handshake is judged.</param>
/// <param name="TakeAsync">Takes it after that, and the socket under it: owned from there on. What it waits for has a limit.</param>
internal sealed record Visit(SslServerAuthenticationOptions Options, Func<SslStream, System.Net.Sockets.Socket, CancellationToken, Task> TakeAsync);
