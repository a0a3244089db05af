using Dapari.Peer.Local;
using Dapari.Simulation.Core;
using Dapari.Simulation.Peers;
using Dapari.Simulation.Servers;

namespace Dapari.Simulation.Scenarios;

/// <summary>People, servers and everything that can go wrong, by seed.</summary>
internal sealed partial class Storm
{
    private readonly World _world;
    private readonly SimRandom _random;
    private readonly List<(SimPeer Peer, SimBackup Backup, HashSet<SimPeer> Accepted)> _backups = [];
    private readonly bool _backupsPlay;
    private readonly bool _adversaryPlays;
    private readonly double _trouble;
    private readonly SimRandom _phone;
    private readonly double _talkative;
    private readonly bool _partingsPlay;
    private readonly bool _silentCopiesPlay;
    private int _restores;
    private int _nights;

    private Storm(World world)
    {
        _world = world;
        _random = world.Random.Fork(20);
        _backupsPlay = world.Options.Backups && _random.Chance(0.35);
        _adversaryPlays = world.Options.Adversary && _random.Chance(0.6);
        _trouble = _random.PickAny(0, 0.3, 0.6, 1.0);
        _phone = world.Random.Fork(21);
        _talkative = _phone.PickAny(0, 0.1, 0.4, 0.8);
        _post = new SimRandom(world.Seed ^ 0x90057UL);
        _generous = world.PlaysFiles ? _post.PickAny(0.1, 0.3, 0.5) : 0;
        _partingsPlay = _random.Chance(0.3);
        _silentCopiesPlay = _backupsPlay && _random.Chance(0.4);
    }

    public static void Play(World world)
    {
        var storm = new Storm(world);
        storm.Build();
        // Contacts are made while things already go wrong.
        world.CrashChance = storm._trouble * storm._random.PickAny(0, 0.004, 0.01, 0.03);
        world.Run(storm._random.Between(2_000, 12_000));
        var acts = storm._random.Between(15, 90);
        for (var i = 0; i < acts && !world.Over; i++)
        {
            storm.Act();
            if (storm._phone.Chance(storm._talkative))
                storm.Telephone();
            if (storm._generous > 0 && storm._post.Chance(storm._generous))
                storm.FilesAct();
            world.Run(storm._random.Chance(0.4) ? storm._random.Between(0, 60) : storm._random.Between(60, 3_000));
        }
    }

    private void Build()
    {
        var servers = _random.PickAny(1, 1, 2, 3);
        for (var i = 1; i <= servers; i++)
            _world.Servers.Add(new SimServer(_world, i, _random.Fork((ulong)i)));
        var peers = _random.PickAny(2, 2, 2, 2, 3, 3, 4, 5, 8);
        for (var i = 0; i < peers; i++)
            _world.Peers.Add(new SimPeer(_world, i, _random.Fork(100UL + (ulong)i), _random.Pick(_world.Servers).Origin));
        if (_random.Chance(0.25))
            _world.Peers[^1].Hostile = true;
        for (var i = 1; i < peers; i++)
            Acquaint(_world.Peers[i], _world.Peers[_random.Below(i)]);
        for (var extra = peers > 2 ? _random.Below(peers) : 0; extra > 0; extra--)
            Acquaint(_random.Pick(_world.Peers), _random.Pick(_world.Peers));
        foreach (var one in _world.Peers)
        {
            foreach (var other in _world.Peers)
            {
                if (one != other && _random.Chance(0.12))
                    _world.SetPunch(one, other, false);
            }

            _world.After(_random.Between(0, 3_000), one.Start);
        }
    }

    private void Acquaint(SimPeer one, SimPeer other)
    {
        if (one == other || one.Acquaintances.Exists(there => there.Maker == other || there.Opener == other))
            return;
        if (_random.Chance(0.5))
            (one, other) = (other, one);
        var decision = _random.Chance(0.9) ? RequestAnswer.Accept : _random.PickAny(RequestAnswer.Refuse, RequestAnswer.Block);
        Add(new Acquaintance(one, other, _random.Chance(0.4), decision));
        // Both may ask at once.
        if (decision == RequestAnswer.Accept && _random.Chance(0.15))
            Add(new Acquaintance(other, one, _random.Chance(0.4), RequestAnswer.Accept));

        static void Add(Acquaintance acquaintance)
        {
            acquaintance.Maker.Acquaintances.Add(acquaintance);
            acquaintance.Opener.Acquaintances.Add(acquaintance);
        }
    }

    private void Telephone()
    {
        var peer = _phone.Pick(_world.Peers);
        if (!peer.Running || peer.View.Self is null || peer.Hostile)
            return;
        // Who has somebody on the line, or ringing, deals with that.
        if (_world.Peers.FirstOrDefault(one => one.Running && one.InCall) is { } busy && _phone.Chance(0.6))
            peer = busy;
        var contacts = peer.View.Contacts.Values.Where(contact => _world.PeerOf(contact.IdentityKey) is not null).ToArray();
        if (contacts.Length > 0)
            peer.Telephone(_phone.Pick(contacts));
    }

    private void Act()
    {
        var peer = _random.Pick(_world.Peers);
        var server = _random.Pick(_world.Servers);
        if (_world.Peers[^1] is { Hostile: true } mallory && _random.Chance(0.2))
            Hostility.Act(_world, mallory, _random);
        else if (_partingsPlay && _random.Chance(0.06))
            Part(peer);
        else if (_random.Chance(0.55))
            PersonActs(peer);
        else if (_random.Chance(_trouble))
            Trouble(peer, server);
        else if (_adversaryPlays && _random.Chance(0.5))
            _world.Adversary.Attack();
        else if (_backupsPlay)
            BackUp(peer);
    }
}
