using Dapari.Node.Files.Https;
using Dapari.Node.Hosting;

namespace Dapari.Node.Commands;

/// <summary>Why a door for browsers does not open, in plain words.</summary>
internal static class HttpsSpeech
{
    /// <summary>The end of <c>up --https</c>; null: the fault is none of the door's.</summary>
    public static CommandEnd? Refused(HttpsOptions asked, NodeFault fault)
    {
        var (certificate, key) = (Terminal.Clean(asked.Certificate), Terminal.Clean(asked.Key));
        var why = fault switch
        {
            NodeFault.CertificateMissing => Tongue.Of($"The certificate for --https is not there, or cannot be read: {certificate}.", $"Il certificato per --https non c'è, o non si può leggere: {certificate}."),
            NodeFault.KeyMissing => Tongue.Of($"The key for --https is not there, or cannot be read: {key}.", $"La chiave per --https non c'è, o non si può leggere: {key}."),
            NodeFault.Certificate => Tongue.Of($"{certificate} holds no certificate (PEM).", $"{certificate} non contiene un certificato (PEM)."),
            NodeFault.Key => Tongue.Of($"{key} is not the key of the certificate in {certificate} (PEM, without a passphrase).", $"{key} non è la chiave del certificato in {certificate} (PEM, senza passphrase)."),
            NodeFault.CertificateExpired => Tongue.Of($"The certificate in {certificate} has expired: renew it.", $"Il certificato in {certificate} è scaduto: rinnovalo."),
            NodeFault.CertificateNotYet => Tongue.Of($"The certificate in {certificate} is not valid yet: is this machine's clock right?", $"Il certificato in {certificate} non vale ancora: l'orologio di questa macchina è giusto?"),
            NodeFault.HttpsPort => Tongue.Of($"Port {asked.Port} of --https is taken, or not for this user.", $"La porta {asked.Port} di --https è occupata, o questo utente non può usarla."),
            _ => null,
        };
        return why is null ? null : new CommandEnd(ExitCode.Refused, Api.Words.Of(fault), why);
    }
}
