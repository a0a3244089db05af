using Dapari.Wire.V1;

namespace Dapari.Web.Platform;

/// <summary>Being woken while the app is closed (Web Push). Called on the user interface's thread; never throws.</summary>
public interface IBrowserWake
{
    /// <summary>Whether this browser can.</summary>
    bool IsSupported { get; }

    /// <summary>The subscription for this key of a server, renewed where it has to be; null: there is none, and none can be had now without a question.</summary>
    Task<WakeSubscription?> ReadAsync(ReadOnlyMemory<byte> serverKey);

    /// <summary>Subscribes. Must be called from a click: the browser may ask the person.</summary>
    Task<(WakeSubscription? Subscription, WakeFault Fault)> SubscribeAsync(ReadOnlyMemory<byte> serverKey);

    /// <summary>Takes the subscription back.</summary>
    Task UnsubscribeAsync();

    /// <summary>What is shown when the device is woken; it never leaves the device.</summary>
    Task KeepWordsAsync(string title, string body);
}

/// <summary>Why there is no subscription.</summary>
public enum WakeFault
{
    /// <summary>There is one.</summary>
    None,

    /// <summary>The person, or the browser's settings, said no.</summary>
    Denied,

    /// <summary>The browser's push service could not be reached.</summary>
    Failed,
}
