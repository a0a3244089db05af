using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

// What bridge.js calls. Each is set once, by the one object that carries the module.

internal static partial class CallEvents
{
    internal static Action<int, bool, string>? OnDescribed { get; set; }

    internal static Action<int, string, string, int, string>? OnCandidate { get; set; }

    internal static Action<int>? OnCandidatesEnded { get; set; }

    internal static Action<int, string>? OnFacts { get; set; }

    internal static Action<int, string>? OnMeasured { get; set; }

    internal static Action<int>? OnClosed { get; set; }

    internal static Action<bool>? OnSilent { get; set; }

    internal static Action<string, string>? OnLost { get; set; }

    internal static Action? OnDevicesChanged { get; set; }

    [JSExport]
    internal static void Described(int id, bool offer, string sdp) => OnDescribed?.Invoke(id, offer, sdp);

    [JSExport]
    internal static void Candidate(int id, string candidate, string mid, int line, string fragment) => OnCandidate?.Invoke(id, candidate, mid, line, fragment);

    [JSExport]
    internal static void CandidatesEnded(int id) => OnCandidatesEnded?.Invoke(id);

    [JSExport]
    internal static void Facts(int id, string facts) => OnFacts?.Invoke(id, facts);

    [JSExport]
    internal static void Measured(int id, string quality) => OnMeasured?.Invoke(id, quality);

    [JSExport]
    internal static void Closed(int id) => OnClosed?.Invoke(id);

    [JSExport]
    internal static void Silent(bool on) => OnSilent?.Invoke(on);

    [JSExport]
    internal static void Lost(string kind, string reason) => OnLost?.Invoke(kind, reason);

    [JSExport]
    internal static void DevicesChanged() => OnDevicesChanged?.Invoke();
}

internal static partial class CameraEvents
{
    internal static Action<string>? OnFound { get; set; }

    [JSExport]
    internal static void Found(string text) => OnFound?.Invoke(text);
}

internal static partial class ElementEvents
{
    internal static Action<int, int, string, string>? OnScrolled { get; set; }

    internal static Action<int, bool>? OnWidth { get; set; }

    [JSExport]
    internal static void Scrolled(int watch, int bits, string first, string last) => OnScrolled?.Invoke(watch, bits, first, last);

    [JSExport]
    internal static void Width(int watch, bool wide) => OnWidth?.Invoke(watch, wide);
}

internal static partial class KeyEvents
{
    internal static Action<int>? OnPressed { get; set; }

    [JSExport]
    internal static void Pressed(int key) => OnPressed?.Invoke(key);
}

internal static partial class PageEvents
{
    internal static Action? OnChanged { get; set; }

    internal static Action? OnNetworkChanged { get; set; }

    internal static Action<string>? OnNotificationClicked { get; set; }

    [JSExport]
    internal static void Changed() => OnChanged?.Invoke();

    [JSExport]
    internal static void NetworkChanged() => OnNetworkChanged?.Invoke();

    [JSExport]
    internal static void NotificationClicked(string tag) => OnNotificationClicked?.Invoke(tag);
}

internal static partial class PathEvents
{
    internal static Action<int, bool, string>? OnDescribed { get; set; }

    internal static Action<int, string, string, int, string>? OnCandidate { get; set; }

    internal static Action<int>? OnCandidatesEnded { get; set; }

    internal static Action<int, string>? OnOpened { get; set; }

    internal static Action<int, string>? OnFacts { get; set; }

    internal static Action<int, byte[]>? OnReceived { get; set; }

    internal static Action<int>? OnClosed { get; set; }

    [JSExport]
    internal static void Described(int id, bool offer, string sdp) => OnDescribed?.Invoke(id, offer, sdp);

    [JSExport]
    internal static void Candidate(int id, string candidate, string mid, int line, string fragment) => OnCandidate?.Invoke(id, candidate, mid, line, fragment);

    [JSExport]
    internal static void CandidatesEnded(int id) => OnCandidatesEnded?.Invoke(id);

    [JSExport]
    internal static void Opened(int id, string facts) => OnOpened?.Invoke(id, facts);

    [JSExport]
    internal static void Facts(int id, string facts) => OnFacts?.Invoke(id, facts);

    [JSExport]
    internal static void Received(int id, byte[] bytes) => OnReceived?.Invoke(id, bytes);

    [JSExport]
    internal static void Closed(int id) => OnClosed?.Invoke(id);
}

internal static partial class SocketEvents
{
    internal static Action<int>? OnOpened { get; set; }

    internal static Action<int, byte[]>? OnReceived { get; set; }

    internal static Action<int>? OnClosed { get; set; }

    [JSExport]
    internal static void Opened(int id) => OnOpened?.Invoke(id);

    [JSExport]
    internal static void Received(int id, byte[] bytes) => OnReceived?.Invoke(id, bytes);

    [JSExport]
    internal static void Closed(int id) => OnClosed?.Invoke(id);
}

internal static partial class TabEvents
{
    internal static Action<byte[]>? OnReceived { get; set; }

    internal static Action? OnLockLost { get; set; }

    internal static Action? OnSleeping { get; set; }

    internal static Action? OnWaking { get; set; }

    [JSExport]
    internal static void Received(byte[] bytes) => OnReceived?.Invoke(bytes);

    [JSExport]
    internal static void LockLost() => OnLockLost?.Invoke();

    [JSExport]
    internal static void Sleeping() => OnSleeping?.Invoke();

    [JSExport]
    internal static void Waking() => OnWaking?.Invoke();
}

internal static partial class UpdateEvents
{
    internal static Action? OnUpdateReady { get; set; }

    [JSExport]
    internal static void UpdateReady() => OnUpdateReady?.Invoke();
}
