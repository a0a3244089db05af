using System.Net;
using Dapari.Wire;

namespace Dapari.Node.Nearby;

/// <summary>An announcement that only a contact makes, or who repeats it.</summary>
/// <param name="Contact">Whose.</param>
/// <param name="Link">On which network.</param>
/// <param name="Nonce">Of the announcement.</param>
/// <param name="Points">Where they listen, as they say: such addresses as a peer can have.</param>
internal sealed record Sighting(ContactId Contact, int Link, byte[] Nonce, IReadOnlyList<IPEndPoint> Points);
