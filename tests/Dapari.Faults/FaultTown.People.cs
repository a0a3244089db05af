using Dapari.Wire.V1;

namespace Dapari.Faults;

/// <summary>What a sender and an owner do.</summary>
public sealed partial class FaultTown
{
    /// <summary>Owners commit after so many deliveries at most.</summary>
    private const int CommitEvery = 24;

    private async Task SendAsync(FaultPair pair)
    {
        var waiting = new Queue<int>(); // Sent or to be sent, in order; the first so many are sent on this connection.
        while (_posting || waiting.Count > 0)
        {
            try
            {
                using var link = await FaultLink.ConnectAsync(await _place.GetAsync(_over.Token), _over.Token);
                await pair.OpenSenderAsync(link, _over.Token);
                await SendOnAsync(link, pair, waiting);
            }
            catch (LinkLostException e)
            {
                _lastLoss = e.Message;
                await MomentAsync(20);
            }
        }
    }

    private async Task SendOnAsync(FaultLink link, FaultPair pair, Queue<int> waiting)
    {
        var requests = new Dictionary<ulong, int>();
        foreach (var number in waiting.Where(n => !pair.IsAnswered(n)))
            requests.Add(await PostAsync(link, pair, number), number);
        while (_posting || waiting.Count > 0)
        {
            while (_posting && waiting.Count < _window)
            {
                var number = pair.Next();
                waiting.Enqueue(number);
                requests.Add(await PostAsync(link, pair, number), number);
            }

            if (waiting.Count == 0)
                return;
            var frame = await link.ReceiveAsync(_over.Token);
            if (frame.KindCase is not (ServerFrame.KindOneofCase.Posted or ServerFrame.KindOneofCase.Refused) || !requests.Remove(frame.Request, out var answered))
                continue;
            if (frame.KindCase == ServerFrame.KindOneofCase.Refused && frame.Refused.Refusal != Refusal.Storage && frame.Refused.Refusal != Refusal.MailboxFull)
                throw new LinkLostException($"refused: {frame}");
            var isPosted = frame.KindCase == ServerFrame.KindOneofCase.Posted;
            pair.Answers(answered, isPosted ? Answer.Posted : Answer.Refused);
            while (waiting.TryPeek(out var first) && pair.IsAnswered(first))
                waiting.Dequeue();
            if (isPosted)
            {
                pair.CountAnswered();
                Interlocked.Increment(ref _answered);
            }
            else
            {
                Interlocked.Increment(ref _refused);
                await MomentAsync(5); // Who was told that there is no room does not hurry.
            }
        }
    }

    private async Task<ulong> PostAsync(FaultLink link, FaultPair pair, int number)
    {
        pair.Sends(number);
        return await link.SendAsync(pair.Post(number), _over.Token);
    }

    private async Task OwnAsync(FaultPair pair, Random random)
    {
        while (true)
        {
            if (!_isEnd && !_ownersCome && !_fetching)
            {
                await MomentAsync(20);
                continue;
            }

            var isEnd = _isEnd;
            using var visit = isEnd ? CancellationTokenSource.CreateLinkedTokenSource(_over.Token) : CancellationTokenSource.CreateLinkedTokenSource(_over.Token, _end.Token);
            try
            {
                using var link = await FaultLink.ConnectAsync(await _place.GetAsync(visit.Token), visit.Token);
                await pair.OpenMailboxAsync(link, visit.Token);
                if (!isEnd)
                    await VisitAsync(link, pair, random, visit.Token);
                else if (await EmptyAsync(link, pair, visit.Token))
                    return;
            }
            catch (LinkLostException e)
            {
                _lastLoss = e.Message;
            }
            catch (OperationCanceledException) when (!_over.IsCancellationRequested)
            {
                // The end began.
            }

            await MomentAsync(_isEnd || _fetching ? 20 : random.Next(5, 300));
        }
    }

    /// <summary>Takes what comes and keeps it in portions, until so many have come.</summary>
    private async Task VisitAsync(FaultLink link, FaultPair pair, Random random, CancellationToken cancellation)
    {
        var came = new List<Deliver>();
        var asked = new Dictionary<ulong, ulong[]>();
        for (var stays = random.Next(1, 400); ;)
        {
            var frame = await link.ReceiveAsync(cancellation);
            if (frame.KindCase != ServerFrame.KindOneofCase.Deliver)
            {
                Hear(pair, asked, frame);
                continue;
            }

            Came(pair, came, frame.Deliver);
            if (--stays <= 0 && random.Next(2) == 0)
                return; // Its own store died before it kept them.
            if (stays > 0 && came.Count < random.Next(1, CommitEvery))
                continue;
            await CommitAsync(link, pair, came, asked, cancellation);
            if (stays <= 0)
                return; // It does not hear whether they were removed.
        }
    }

    /// <summary>Takes all there is. True: the server says that nothing is left.</summary>
    private async Task<bool> EmptyAsync(FaultLink link, FaultPair pair, CancellationToken cancellation)
    {
        var came = new List<Deliver>();
        var asked = new Dictionary<ulong, ulong[]>();
        var question = new ClientFrame { GetUsage = new GetUsage { MailboxId = pair.Mailbox.ToByteString() } };
        var usage = await link.SendAsync(question, cancellation);
        while (true)
        {
            var frame = await link.ReceiveAsync(cancellation);
            if (frame.KindCase == ServerFrame.KindOneofCase.Deliver)
            {
                Came(pair, came, frame.Deliver);
                if (came.Count >= CommitEvery)
                    await CommitAsync(link, pair, came, asked, cancellation);
                continue;
            }

            if (frame.Request != usage)
            {
                Hear(pair, asked, frame);
                continue;
            }

            if (frame.Usage is not { } told)
                throw new LinkLostException($"refused: {frame}");
            if (told.StoredEnvelopes == 0)
                return true;
            // Fewer than a portion may be all that is left.
            if (came.Count > 0)
                await CommitAsync(link, pair, came, asked, cancellation);
            usage = await link.SendAsync(question, cancellation);
        }
    }

    private void Came(FaultPair pair, List<Deliver> came, Deliver delivery)
    {
        var number = pair.Read(delivery);
        if (number < 0)
            Interlocked.Increment(ref _strange);
        else if (_isCluster && !pair.IsAnswered(number))
            pair.CameEarly.Add(number);
        if (pair.Acknowledged.Contains(delivery.Sequence))
            Interlocked.Increment(ref _cameBack);
        came.Add(delivery);
    }

    private static void Hear(FaultPair pair, Dictionary<ulong, ulong[]> asked, ServerFrame frame)
    {
        if (!asked.Remove(frame.Request, out var sequences))
            return;
        if (frame.KindCase != ServerFrame.KindOneofCase.Done)
            throw new LinkLostException($"refused: {frame}");
        pair.Acknowledged.UnionWith(sequences);
    }

    /// <summary>The device's store has them: looked at for what may not be, and acknowledged.</summary>
    private async Task CommitAsync(FaultLink link, FaultPair pair, List<Deliver> came, Dictionary<ulong, ulong[]> asked, CancellationToken cancellation)
    {
        foreach (var (number, sequence) in came.Select(d => (pair.Read(d), d.Sequence)).Where(d => d.Item1 >= 0))
        {
            if (!pair.Kept.TryAdd(number, sequence))
            {
                // Under the same sequence: the acknowledgement was not answered. Under another: the post was not answered, and was sent again, by its sender or by a machine of a cluster.
                Interlocked.Increment(ref sequence == pair.Kept[number] || pair.IsRepeated(number) || (_isCluster && pair.CameEarly.Contains(number)) ? ref _repeats : ref _doubled);
                continue;
            }

            // With refusals one of them may not have been heard, and what was sent again came behind what was taken meanwhile: that is the sender's doing.
            if (number < pair.HighestKept && !(Refused > 0 && pair.IsRepeated(number)))
                Interlocked.Increment(ref _outOfOrder);
            pair.HighestKept = Math.Max(pair.HighestKept, number);
        }

        var acknowledge = new Acknowledge { MailboxId = pair.Mailbox.ToByteString() };
        acknowledge.Sequences.AddRange(came.Select(c => c.Sequence));
        asked.Add(await link.SendAsync(new ClientFrame { Acknowledge = acknowledge }, cancellation), [.. acknowledge.Sequences]);
        came.Clear();
    }
}
