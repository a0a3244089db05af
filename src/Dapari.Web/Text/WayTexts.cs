using Dapari.Wire.V1;

namespace Dapari.Web.Text;

/// <summary>
/// The words for the ways. A record's reason is written from the sender's view ("you" is the sender); here it is turned to the view of
/// whoever reads it: <c>outgoing</c> says whether the reader is the sender, <c>name</c> is the other person.
/// </summary>
public abstract class WayTexts
{
    /// <summary>The way in two or three words.</summary>
    public abstract string Name(Route route);

    /// <summary>A sentence on why. Never empty, also for a reason that this version does not know.</summary>
    public abstract string Because(Route route, Reason reason, bool outgoing, string name);

    /// <summary>A sentence on why a message would go this way now; empty where the way explains itself.</summary>
    public abstract string Now(Reason reason, string name);

    /// <summary>Where both devices were; empty when it was not stated.</summary>
    public abstract string Where(Network network);

    /// <summary>What the way means in a sentence.</summary>
    public abstract string Meaning(Route route, bool outgoing, string name);

    /// <summary>The way a message would go now, for the contact's page.</summary>
    public abstract string Next(Route route, string name);
}
