using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>The module that carries calls, between two legs of one page in a real Chromium with invented devices.</summary>
public sealed class CallModuleTests(CallPage page) : IClassFixture<CallPage>
{
    private const string TwoLegs = """
        const call = await import('/call.js');
        const media = await import('/call-media.js');
        const to = { 1: 2, 2: 1 };
        const told = { 1: [], 2: [] }, sdps = { 1: [], 2: [] }, candidates = { 1: [], 2: [] }, closed = [];
        let offers = 0;
        call.listen({
          Described: (id, offer, sdp) => { if (offer) offers++; sdps[id].push(sdp); call.describeRemote(to[id], offer, sdp); },
          Candidate: (id, candidate, mid, line, fragment) => { candidates[id].push(candidate); call.addCandidate(to[id], candidate, mid, line, fragment); },
          CandidatesEnded: id => call.endCandidates(to[id]),
          Facts: (id, facts) => told[id].push(facts), Measured() {}, Closed: id => closed.push(id), Silent() {},
        });
        media.listen({ Lost() {}, DevicesChanged() {} });
        const until = async (what, holds) => { const end = performance.now() + 60000; while (!holds()) { if (performance.now() > end) throw new Error('still not: ' + what); await new Promise(r => setTimeout(r, 20)); } };
        const connect = async relayOnly => {
          call.open(2, false, true, relayOnly, '[]');
          call.open(1, true, false, relayOnly, '[]');
          await until('connected', () => [1, 2].every(id => told[id].some(one => one.startsWith('1|') && one.split('|').length === 8)));
        };
        const moving = async (id, kind) => {
          const video = document.createElement('video'); video.muted = true; video.srcObject = call.received(id, kind); document.body.append(video); video.play();
          await until('a picture', () => video.videoWidth > 2); const first = video.getVideoPlaybackQuality().totalVideoFrames;
          await until('it moves', () => video.getVideoPlaybackQuality().totalVideoFrames > first + 2); video.remove();
        };
        """;

    [Fact]
    public async Task The_fingerprint_told_is_that_of_the_certificate_shown_and_the_description_names_it()
    {
        var seen = await page.RunAsync<string>(TwoLegs + """
            await connect(false);
            const named = sdp => sdp.match(/a=fingerprint:sha-256 (\S+)/)[1].replaceAll(':', '').toLowerCase();
            const shown = id => told[id].at(-1).split('|')[1];
            return [shown(1) === named(sdps[2][0]), shown(2) === named(sdps[1][0]), shown(1) !== shown(2), shown(1).length].join('/');
            """);
        Assert.Equal("true/true/true/64", seen);
    }

    [Fact]
    public async Task Tracks_come_and_go_without_a_further_offer()
    {
        var seen = await page.RunAsync<string>(TwoLegs + """
            await media.open('microphone');
            await connect(false);
            await media.open('camera');
            await moving(2, 'camera');
            await moving(1, 'camera');
            media.close('camera');
            await media.open('screen');
            await moving(2, 'screen');
            media.close('screen');
            await until('sound', () => [1, 2].every(id => told[id].some(one => one.split('|')[2] === '1')));
            return offers + ', ' + closed.length;
            """);
        Assert.Equal("1, 0", seen);
    }

    [Fact]
    public async Task A_restart_at_both_ends_at_once_settles_and_media_goes_on()
    {
        var seen = await page.RunAsync<string>(TwoLegs + """
            await media.open('camera');
            await connect(false);
            call.restart(1, false, '[]'); call.restart(2, false, '[]');
            await until('further offers', () => offers >= 2);
            await moving(2, 'camera');
            return told[1].at(-1)[0] + told[2].at(-1)[0] + closed.length;
            """);
        Assert.Equal("110", seen);
    }

    [Fact]
    public async Task Through_the_relay_only_and_without_one_not_one_candidate_leaves()
    {
        var seen = await page.RunAsync<string>(TwoLegs + """
            call.open(2, false, true, true, '[]');
            call.open(1, true, false, true, '[]');
            await until('both described', () => sdps[1].length && sdps[2].length);
            await new Promise(resolve => setTimeout(resolve, 1500));
            const inside = [...sdps[1], ...sdps[2]].filter(sdp => sdp.includes('a=candidate')).length;
            return candidates[1].length + candidates[2].length + inside;
            """.Replace("return candidates[1].length + candidates[2].length + inside;", "return String(candidates[1].length + candidates[2].length + inside);", StringComparison.Ordinal));
        Assert.Equal("0", seen);
    }

    [Fact]
    public async Task What_a_device_refuses_is_named_and_a_change_of_mind_closes_it_again()
    {
        var seen = await page.RunAsync<string>(TwoLegs + """
            const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            const reasons = [];
            for (const name of ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'TypeError']) {
              navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', name); };
              reasons.push(await media.open('camera'));
            }
            navigator.mediaDevices.getUserMedia = real;
            const opening = media.open('camera');
            media.close('camera');
            reasons.push(await opening, media.track('camera') === null);
            return reasons.join('/');
            """);
        Assert.Equal("denied/missing/busy/failed/closed/true", seen);
    }

    [Fact]
    public async Task A_device_taken_away_is_told_with_what_became_of_it()
    {
        var seen = await page.RunAsync<string>(TwoLegs + """
            const lost = [];
            media.listen({ Lost: (kind, reason) => lost.push(kind + ' ' + reason), DevicesChanged() {} });
            await media.open('microphone'); await media.open('camera');
            media.track('camera').onended(); media.track('microphone').onended();
            await until('both told', () => lost.length === 2);
            return lost.sort().join('/') + '/' + (media.track('microphone') !== null);
            """);
        Assert.Equal("camera gone/microphone changed/true", seen);
    }

    [Fact]
    public async Task A_hostile_description_changes_nothing()
    {
        var seen = await page.RunAsync<string>(TwoLegs + """
            call.open(2, false, true, false, '[]');
            call.describeRemote(2, true, 'v=0\r\nnonsense');
            call.describeRemote(2, false, '');
            call.addCandidate(2, 'candidate:x', '0', 0, '');
            call.open(1, true, false, false, '[]');
            await until('connected', () => told[1].some(one => one.startsWith('1|')));
            return String(closed.length);
            """);
        Assert.Equal("0", seen);
    }

    [Fact]
    public async Task Hiding_the_address_lays_a_second_line_with_the_same_certificates_and_ends_the_first()
    {
        // There is no relay here: the policy is taken as "all", and only what leaves is as with one.
        var seen = await page.RunAsync<string>(TwoLegs + """
            const R=window.RTCPeerConnection; window.RTCPeerConnection=class extends R{constructor(c){super({...c,iceTransportPolicy:'all'});} setConfiguration(c){super.setConfiguration({...c,iceTransportPolicy:'all'});} static generateCertificate(a){return R.generateCertificate(a);}};
            await new Promise(r=>setTimeout(r,100));
            await media.open('microphone'); await media.open('camera'); await connect(false); await moving(2,'camera');
            const prints=[1,2].map(i=>told[i].at(-1).split('|')[1]); const before=call.received(2,'camera').getTracks()[0].id; const els=document.querySelectorAll('audio').length;
            call.restart(1,true,'[]'); await until('swap', ()=>call.received(2,'camera').getTracks()[0]?.id!==before);
            await moving(2,'camera'); await moving(1,'camera'); await new Promise(r=>setTimeout(r,1500));
            const both = [1,2].map(i=>told[i].at(-1).split('|')[1]);
            return [both[0]===prints[0], both[1]===prints[1], closed.length, offers, els, document.querySelectorAll('audio').length, told[1].at(-1)[0], told[2].at(-1)[0]].join('/');
            """);
        Assert.Equal("true/true/0/2/2/2/1/1", seen);
    }
}
