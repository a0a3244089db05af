namespace Dapari.Rtc.Dtls.Messages;

/// <summary>HelloVerifyRequest: <c>version (16) | cookie (8-bit length)</c> (RFC 6347 §4.2.1). Read only: this library asks for no cookie, for ICE has proved the address.</summary>
internal static class HelloVerifyRequest
{
    public static bool TryRead(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> cookie)
    {
        cookie = default;
        var reader = new TlsReader(body);
        return reader.TryU16(out var version) && version >> 8 == 0xFE && reader.TryVector8(out cookie) && reader.IsEmpty && !cookie.IsEmpty;
    }
}
