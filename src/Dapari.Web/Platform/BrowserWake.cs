using System.Buffers.Text;
using System.Runtime.InteropServices.JavaScript;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Platform;

/// <summary>Being woken, by wake.js, which is loaded when it is first needed.</summary>
internal sealed partial class BrowserWake : IBrowserWake
{
    private Task? _loading;

    public bool IsSupported => BrowserPage.CanBeWoken();

    public async Task<WakeSubscription?> ReadAsync(ReadOnlyMemory<byte> serverKey)
    {
        await LoadAsync();
        return Read(await Js.ReadAsync(Base64Url.EncodeToString(serverKey.Span)));
    }

    public async Task<(WakeSubscription? Subscription, WakeFault Fault)> SubscribeAsync(ReadOnlyMemory<byte> serverKey)
    {
        await LoadAsync();
        var said = await Js.SubscribeAsync(Base64Url.EncodeToString(serverKey.Span));
        return Read(said) is { } subscription ? (subscription, WakeFault.None) : (null, said == "!denied" ? WakeFault.Denied : WakeFault.Failed);
    }

    public async Task UnsubscribeAsync()
    {
        await LoadAsync();
        await Js.UnsubscribeAsync();
    }

    public async Task KeepWordsAsync(string title, string body)
    {
        await LoadAsync();
        await Js.KeepWordsAsync(title, body);
    }

    private static WakeSubscription? Read(string facts)
    {
        var parts = facts.Split('|');
        try
        {
            return parts.Length != 3 ? null : new WakeSubscription
            {
                Endpoint = parts[0],
                Key = ByteString.CopyFrom(Base64Url.DecodeFromChars(parts[1])),
                Secret = ByteString.CopyFrom(Base64Url.DecodeFromChars(parts[2])),
            };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private Task LoadAsync() => _loading ??= JSHost.ImportAsync("wake", "/js/wake.js");

    private static partial class Js
    {
        [JSImport("read", "wake")]
        internal static partial Task<string> ReadAsync(string key);

        [JSImport("subscribe", "wake")]
        internal static partial Task<string> SubscribeAsync(string key);

        [JSImport("unsubscribe", "wake")]
        internal static partial Task UnsubscribeAsync();

        [JSImport("keepWords", "wake")]
        internal static partial Task KeepWordsAsync(string title, string body);
    }
}
