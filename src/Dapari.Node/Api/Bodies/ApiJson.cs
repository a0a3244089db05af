using System.Text.Json.Serialization;

namespace Dapari.Node.Api.Bodies;

/// <summary>How the documents are written, made when the program is built.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StatusBody))]
[JsonSerializable(typeof(ContactBody))]
[JsonSerializable(typeof(IReadOnlyList<ContactBody>))]
[JsonSerializable(typeof(InviteBody))]
[JsonSerializable(typeof(IReadOnlyList<InviteBody>))]
[JsonSerializable(typeof(MessageBody))]
[JsonSerializable(typeof(MessagesBody))]
[JsonSerializable(typeof(TransferBody))]
[JsonSerializable(typeof(IReadOnlyList<TransferBody>))]
[JsonSerializable(typeof(IReadOnlyList<FileOfferBody>))]
[JsonSerializable(typeof(FileOfferBody))]
[JsonSerializable(typeof(TypingBody))]
[JsonSerializable(typeof(SendFilesBody))]
[JsonSerializable(typeof(SentFilesBody))]
[JsonSerializable(typeof(SaveFilesBody))]
[JsonSerializable(typeof(SavedFilesBody))]
[JsonSerializable(typeof(SafetyBody))]
[JsonSerializable(typeof(EventBody))]
[JsonSerializable(typeof(DoctorBody))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(NewIdentityBody))]
[JsonSerializable(typeof(NewInviteBody))]
[JsonSerializable(typeof(LinkBody))]
[JsonSerializable(typeof(NewMessageBody))]
[JsonSerializable(typeof(ContactChangeBody))]
[JsonSerializable(typeof(SettingsBody))]
[JsonSerializable(typeof(BackupBody))]
internal sealed partial class ApiJson : JsonSerializerContext;
