namespace Dapari.Rtc.Ice;

/// <summary>What lasts from one restart to the next.</summary>
internal sealed class IceSession(IceCredentials local)
{
    public IceCredentials Local { get; } = local;

    public IceCredentials? Remote { get; set; }

    /// <summary>RFC 8445 §7.2.5.1: the user name of the checks that this end sends.</summary>
    public string Username => Remote!.Fragment + ":" + Local.Fragment;
}
