namespace Dapari.Wire;

/// <summary>The named cap of every length and count on the wire. What exceeds one is malformed.</summary>
public static class WireLimits
{
    /// <summary>Protocol version spoken by this build; the lowest and highest it can speak.</summary>
    public const uint Version = 1;

    /// <summary>A serialized <c>Envelope</c>, in bytes.</summary>
    public const int EnvelopeBytes = 64 * 1024;

    /// <summary>A padded <c>Content</c>, in bytes: what a session seals. Leaves room for a handshake, headers and tags in an envelope.</summary>
    public const int ContentBytes = 60 * 1024;

    /// <summary>One WebSocket message, in bytes: an envelope and its frame, or a full prekey upload.</summary>
    public const int FrameBytes = 192 * 1024;

    /// <summary>The text of one message, in UTF-8 bytes.</summary>
    public const int TextBytes = 16 * 1024;

    /// <summary>A person's name, in UTF-16 code units after cleaning.</summary>
    public const int NameLength = 64;

    /// <summary>A person's name as it travels, in UTF-8 bytes, before cleaning.</summary>
    public const int NameBytes = 256;

    /// <summary>An invite's label, in UTF-16 code units.</summary>
    public const int LabelLength = 64;

    /// <summary>A server's origin, in bytes.</summary>
    public const int OriginBytes = 255;

    /// <summary>A sealed invite blob, in bytes.</summary>
    public const int InviteBlobBytes = 4 * 1024;

    /// <summary>An invite's secret, in bytes: 128 bits.</summary>
    public const int InviteSecretBytes = 16;

    /// <summary>An invite link, in characters.</summary>
    public const int InviteLinkLength = 512;

    /// <summary>A device certificate, in bytes.</summary>
    public const int CertificateBytes = 512;

    /// <summary>One-time prekeys of one kind in one upload.</summary>
    public const int PrekeysPerUpload = 50;

    /// <summary>One-time prekeys of one kind that a server keeps for a device.</summary>
    public const int PrekeysKept = 100;

    /// <summary>Sequences in one <c>Acknowledge</c>.</summary>
    public const int AcknowledgementsPerFrame = 256;

    /// <summary>Receipts in one envelope.</summary>
    public const int ReceiptsPerEnvelope = 256;

    /// <summary>Envelope ids in one <c>CannotOpen</c>.</summary>
    public const int CannotOpenPerEnvelope = 256;

    /// <summary>An SDP description, in bytes.</summary>
    public const int SdpBytes = 16 * 1024;

    /// <summary>An ICE candidate line, in bytes.</summary>
    public const int CandidateBytes = 1024;

    /// <summary>Addresses at which one end of an attempt takes TCP.</summary>
    public const int TcpAddresses = 16;

    /// <summary>Contacts that are looked for on the same network at a time, and names by which a device is found there: always as many.</summary>
    public const int NearbyContacts = 64;

    /// <summary>A candidate's <c>sdp_mid</c>, in bytes.</summary>
    public const int SdpMidBytes = 64;

    /// <summary>A candidate's user name fragment, in bytes (RFC 8839 §5.4 allows 256).</summary>
    public const int UsernameFragmentBytes = 256;

    /// <summary>Steps of a negotiation in one <c>CallSignal</c>.</summary>
    public const int CallStepsPerSignal = 64;

    /// <summary>Steps of a negotiation in one <c>CallSignal</c>, in bytes, where there are several.</summary>
    public const int CallStepBytesPerSignal = 40 * 1024;

    /// <summary>Others in a call of several, besides the one who is told.</summary>
    public const int CallPeople = 7;

    /// <summary>Others who were in a call of several, one after another; more are not counted.</summary>
    public const int CallPeopleCounted = 32;

    /// <summary>The statement of a <c>CallForward</c>, in bytes: the largest signal of a call, and names. With signature and certificate it fits into a content.</summary>
    public const int CallForwardBytes = 58 * 1024;

    /// <summary>Shares of routes in the end of a call.</summary>
    public const int CallShares = 8;

    /// <summary>Files that stand in an offer itself; more go into a manifest.</summary>
    public const int FilesPerOffer = 64;

    /// <summary>Files of one transfer.</summary>
    public const int FilesPerTransfer = 10_000;

    /// <summary>A manifest, in bytes.</summary>
    public const int ManifestBytes = 8 * 1024 * 1024;

    /// <summary>A file in a manifest, in bytes.</summary>
    public const int ManifestItemBytes = 16 * 1024;

    /// <summary>A file's name or a part of its folder as it travels, in bytes of UTF-8, before cleaning.</summary>
    public const int FileNameBytes = 1024;

    /// <summary>Folders within folders.</summary>
    public const int FolderDepth = 32;

    /// <summary>A folder's path as it travels, in bytes of UTF-8.</summary>
    public const int FolderBytes = 4 * 1024;

    /// <summary>A media type, in bytes (RFC 6838 §4.2: two names of at most 127).</summary>
    public const int MediaTypeBytes = 255;

    /// <summary>A preview's picture, in bytes.</summary>
    public const int PreviewBytes = 12 * 1024;

    /// <summary>All previews of an offer, in bytes.</summary>
    public const int PreviewsBytes = 32 * 1024;

    /// <summary>A waveform, in steps.</summary>
    public const int WaveformSteps = 128;

    /// <summary>Width and height of a picture or video, in pixels.</summary>
    public const uint PictureSide = 65_535;

    /// <summary>Spans of a drop-off.</summary>
    public const int DropOffSpans = 256;

    /// <summary>Spans of a <c>FileReady</c>.</summary>
    public const int ReadySpans = 8;

    /// <summary>Days that a drop-off may be promised for.</summary>
    public const uint DropOffDays = 366;

    /// <summary>Shares of routes in the end of a transfer.</summary>
    public const int FileShares = 8;

    /// <summary>A control message of the channel "dapari-files", in bytes.</summary>
    public const int FileFrameBytes = 256;

    /// <summary>The bytes of a chunk that one message of the channel carries, at most.</summary>
    public const int FilePieceBytes = 64 * 1024;

    /// <summary>URLs of one ICE server.</summary>
    public const int UrlsPerIceServer = 8;

    /// <summary>A URL, user name or credential of an ICE server, in bytes.</summary>
    public const int IceServerTextBytes = 512;

    /// <summary>ICE servers in a <c>Welcome</c>.</summary>
    public const int IceServers = 8;

    /// <summary>How long credentials for a relay may be good, in seconds: a day.</summary>
    public const uint RelayLifetimeSeconds = 24 * 60 * 60;

    /// <summary>A drop-off, in bytes: 2^50.</summary>
    public const ulong BlobBytes = 1UL << 50;

    /// <summary>Where a push service takes messages, in bytes.</summary>
    public const int PushEndpointBytes = 1024;

    /// <summary>The agent string in <c>Hello</c>, in bytes.</summary>
    public const int AgentBytes = 64;

    /// <summary>The registration code in <c>Hello</c>, in bytes.</summary>
    public const int RegistrationCodeBytes = 64;
}
