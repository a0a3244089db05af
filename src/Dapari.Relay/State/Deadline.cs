namespace Dapari.Relay.State;

/// <summary>When something ends: an <see cref="Allocation"/> or a <see cref="Reservation"/>.</summary>
internal readonly record struct Deadline(long AtMs, long Serial, object What) : IComparable<Deadline>
{
    public int CompareTo(Deadline other) => AtMs != other.AtMs ? AtMs.CompareTo(other.AtMs) : Serial.CompareTo(other.Serial);

    public static bool operator <(Deadline left, Deadline right) => left.CompareTo(right) < 0;

    public static bool operator >(Deadline left, Deadline right) => left.CompareTo(right) > 0;

    public static bool operator <=(Deadline left, Deadline right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Deadline left, Deadline right) => left.CompareTo(right) >= 0;
}
