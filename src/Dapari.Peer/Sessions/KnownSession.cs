using Dapari.Crypto;
using Dapari.Wire;

namespace Dapari.Peer.Sessions;

/// <summary>A session and whose it is.</summary>
internal sealed record KnownSession(Session Session, ContactId Contact)
{
    public SessionId Id => Session.Id;

    public static string RowKey(SessionId id) => "session/" + id;
}
