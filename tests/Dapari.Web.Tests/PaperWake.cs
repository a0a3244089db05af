using Dapari.Web.Platform;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Tests;

/// <summary>A browser's push subscription on paper: what the test says it is.</summary>
internal sealed class PaperWake : IBrowserWake
{
    public bool IsSupported { get; set; } = true;

    public WakeFault Fault { get; set; }

    public WakeSubscription? Present { get; set; }

    public string Words { get; private set; } = "";

    public static WakeSubscription Subscription(string name) =>
        new() { Endpoint = "https://push.example/" + name, Key = ByteString.CopyFrom(new byte[65]), Secret = ByteString.CopyFrom(new byte[16]) };

    public Task<WakeSubscription?> ReadAsync(ReadOnlyMemory<byte> serverKey) => Task.FromResult(Present);

    public Task<(WakeSubscription? Subscription, WakeFault Fault)> SubscribeAsync(ReadOnlyMemory<byte> serverKey)
    {
        if (Fault == WakeFault.None) Present ??= Subscription("new");
        return Task.FromResult(Fault == WakeFault.None ? (Present, Fault) : (null, Fault));
    }

    public Task UnsubscribeAsync()
    {
        Present = null;
        return Task.CompletedTask;
    }

    public Task KeepWordsAsync(string title, string body)
    {
        Words = title + ": " + body;
        return Task.CompletedTask;
    }
}
