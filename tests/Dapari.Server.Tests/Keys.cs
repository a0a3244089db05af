using Dapari.Wire;
using Google.Protobuf;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Dapari.Server.Tests;

/// <summary>An Ed25519 key pair made from random bytes.</summary>
internal sealed class KeyPair
{
    private readonly byte[] _seed = RandomSource.System.Bytes(32);
    private readonly byte[] _public = new byte[32];

    public KeyPair() => Ed25519.GeneratePublicKey(_seed, 0, _public, 0);

    public ByteString Public => ByteString.CopyFrom(_public);

    public ByteString Sign(byte[] message)
    {
        var signature = new byte[64];
        Ed25519.Sign(_seed, 0, message, 0, message.Length, signature, 0);
        return ByteString.CopyFrom(signature);
    }
}

/// <summary>A mailbox with both of its keys.</summary>
internal sealed class TestMailbox
{
    public MailboxId Id { get; } = MailboxId.Random(RandomSource.System);

    public KeyPair Owner { get; } = new();

    public KeyPair Sender { get; } = new();
}
