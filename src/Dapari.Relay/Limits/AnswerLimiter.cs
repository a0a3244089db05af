using Dapari.Relay.Driving;
using Dapari.Rtc;

namespace Dapari.Relay.Limits;

/// <summary>Bounds the answers to sources that proved nothing: their address may be somebody else's whom the answers would flood.</summary>
/// <remarks>
/// A fixed table of buckets without keys: sources whose seeded hashes meet share one. So no source ever gets more than its rate, however many
/// addresses an attacker makes up; who shares a flooded bucket waits, or comes by TCP, which is not limited (its source is proved).
/// </remarks>
internal sealed class AnswerLimiter(int perSecond, ulong seed)
{
    private const int Buckets = 8192;

    private readonly Bucket[] _buckets = NewBuckets(perSecond);

    /// <summary>Whether an answer would be given now.</summary>
    public bool HasRoom(in ClientKey client, long nowMs) => Fill(ref Find(client), nowMs) >= 1000;

    /// <summary>Counts an answer; false when it must not be given.</summary>
    public bool TryTake(in ClientKey client, long nowMs)
    {
        ref var bucket = ref Find(client);
        if (Fill(ref bucket, nowMs) < 1000)
            return false;
        bucket.Thousandths -= 1000;
        return true;
    }

    private long Fill(ref Bucket bucket, long nowMs)
    {
        var passed = Math.Clamp(nowMs - bucket.AtMs, 0, 2000);
        bucket.AtMs = nowMs;
        bucket.Thousandths = Math.Min(2000L * perSecond, bucket.Thousandths + (passed * perSecond));
        return bucket.Thousandths;
    }

    private ref Bucket Find(in ClientKey client)
    {
        // One person has a whole /64 of IPv6.
        var remote = client.Remote;
        var place = remote.IsV4 ? remote.WithPort(0) : Endpoint.V6(remote.High, 0, 0);
        return ref _buckets[new ClientKey(place, 0).Hash(seed) % Buckets];
    }

    private static Bucket[] NewBuckets(int perSecond)
    {
        var buckets = new Bucket[Buckets];
        Array.Fill(buckets, new Bucket { Thousandths = 2000L * perSecond });
        return buckets;
    }

    private struct Bucket
    {
        public long AtMs;
        public long Thousandths;
    }
}
