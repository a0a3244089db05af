using System.Text.Json;
using System.Text.Json.Serialization;
using Dapari.Wire.V1;

namespace Dapari.Node.Shares;

/// <summary>A word of signalling or of the channel (docs/protocol/shares.md): its kind, and what that kind has.</summary>
internal sealed record ShareWord(string Kind)
{
    /// <summary>A word at most, in bytes.</summary>
    public const int MostBytes = 48 * 1024;

    public int? Version { get; init; }

    public string? Sdp { get; init; }

    public string? Key { get; init; }

    public string? Signature { get; init; }

    public string? Candidate { get; init; }

    public string? Fragment { get; init; }

    public string? Why { get; init; }

    public string? From { get; init; }

    public IReadOnlyList<ShareFile>? Files { get; init; }

    public string? Receipt { get; init; }

    public int? Item { get; init; }

    public uint? First { get; init; }

    public uint? Count { get; init; }

    public bool? Pages { get; init; }

    public bool? Https { get; init; }

    /// <summary>Reads one; null: it is none.</summary>
    public static ShareWord? TryRead(ReadOnlySpan<byte> text)
    {
        if (text.Length > MostBytes)
            return null;
        try
        {
            return JsonSerializer.Deserialize(text, ShareJson.Default.ShareWord) is { Kind: not null } word && word.Files?.Contains(null!) is not true ? word : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>As it is sealed or sent.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, ShareJson.Default.ShareWord);

    /// <summary>A signal of a connection, unsigned; null: one that is not told.</summary>
    public static ShareWord? Of(Signal signal) => signal.PartCase switch
    {
        Signal.PartOneofCase.OfferSdp => new("offer") { Sdp = signal.OfferSdp },
        Signal.PartOneofCase.AnswerSdp => new("answer") { Sdp = signal.AnswerSdp },
        Signal.PartOneofCase.Candidate => new("candidate") { Candidate = signal.Candidate.Candidate_, Fragment = signal.Candidate.UsernameFragment },
        Signal.PartOneofCase.EndOfCandidates => new("candidate") { Candidate = "" },
        _ => null,
    };

    /// <summary>The signal that it is, or null.</summary>
    public Signal? ToSignal() => this switch
    {
        { Kind: "offer", Sdp: { } sdp } => new Signal { OfferSdp = sdp },
        { Kind: "answer", Sdp: { } sdp } => new Signal { AnswerSdp = sdp },
        { Kind: "candidate", Candidate: "" } => new Signal { EndOfCandidates = true },
        { Kind: "candidate", Candidate: { } candidate } => new Signal { Candidate = new Candidate { Candidate_ = candidate, SdpMid = "0", UsernameFragment = Fragment ?? "" } },
        _ => null,
    };
}

/// <summary>A file as a share tells of it. Name and type are claims.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its media type.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Root">Its tree's root, in hexadecimal.</param>
internal sealed record ShareFile(string Name, string Type, long Size, string Root);

/// <summary>A server of ICE as the rendezvous tells of it.</summary>
internal sealed record ShareServer(IReadOnlyList<string>? Urls, string? Username, string? Credential);

/// <summary>How it is written, made when the program is built.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ShareWord))]
[JsonSerializable(typeof(IReadOnlyList<ShareServer>))]
[JsonSerializable(typeof(ShareRecord))]
[JsonSerializable(typeof(ShareReport))]
[JsonSerializable(typeof(IReadOnlyList<ShareReport>))]
[JsonSerializable(typeof(FetchRecord))]
[JsonSerializable(typeof(string))]
internal sealed partial class ShareJson : JsonSerializerContext;
