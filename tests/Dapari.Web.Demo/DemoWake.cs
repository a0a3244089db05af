using Dapari.Web.Platform;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Demo;

/// <summary>A browser that is woken by nobody, and says yes to everything.</summary>
internal sealed class DemoWake : IBrowserWake
{
    private static readonly WakeSubscription Subscription =
        new() { Endpoint = "https://push.example/demo", Key = ByteString.CopyFrom(new byte[65]), Secret = ByteString.CopyFrom(new byte[16]) };

    public bool IsSupported => true;

    public Task<WakeSubscription?> ReadAsync(ReadOnlyMemory<byte> serverKey) => Task.FromResult<WakeSubscription?>(Subscription);

    public Task<(WakeSubscription? Subscription, WakeFault Fault)> SubscribeAsync(ReadOnlyMemory<byte> serverKey) => Task.FromResult<(WakeSubscription?, WakeFault)>((Subscription, WakeFault.None));

    public Task UnsubscribeAsync() => Task.CompletedTask;

    public Task KeepWordsAsync(string title, string body) => Task.CompletedTask;
}
