using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>The tree in JavaScript against the vectors of docs/protocol/files.md, and what does not belong to a file.</summary>
public sealed class FileTreeTests(ModulePage page) : IClassFixture<ModulePage>
{
    private const string Tree = """
        const tree = await import('/files-tree.js');
        const hex = bytes => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
        const build = async leaves => { const pages = new Map(); const builder = new tree.TreeBuilder((level, index, hashes) => pages.set(level + '/' + index, hashes)); for await (const leaf of leaves) await builder.add(leaf); return { root: await builder.finish(), pages }; };
        async function* leavesOf(size) { for (let at = 0; at < size; at += tree.CHUNK) { const length = Math.min(tree.CHUNK, size - at); const marked = new Uint8Array(1 + length); for (let i = 0; i < length; i++) { const rest = (at + i) % 251; marked[1 + i] = rest * rest % 251; } yield tree.leafOf(marked); } }
        async function* numbered(count) { for (let k = 0; k < count; k++) { const marked = new Uint8Array(9); new DataView(marked.buffer).setBigUint64(1, BigInt(k)); yield tree.leafOf(marked); } }

        """;

    [Theory]
    [InlineData(0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(1, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7")]
    [InlineData(262_143, "3338331576f71d8d0f7de6e8d6ba502ae218663bb17dfc74dc4dcda2da31a60a")]
    [InlineData(262_144, "9bff9e49f3b076ac3d4c4736ff86252b58d327cd767a88ec2b1794c21d5d9e03")]
    [InlineData(262_145, "c8945809f3c60d8636b73a8abee9691fc01fe1dcfb5fa6d3493859999c2af656")]
    [InlineData(786_432, "8b1125747fe1ed308f13d80390078f2e2c0bd77b335521d792ba4abf5bdfa21c")]
    [InlineData(67_108_864, "185e6e32b268d3a26287f0c100de29d7a16a337c9ed71c78b97be749203ad6d0")]
    [InlineData(67_108_865, "31a64a0050a35e14cc4356b28feed89756739ad01fbab54a66211c1325d70021")]
    [InlineData(67_371_013, "57097d85564b1a3a7e8ad6e5ca82bbc580cf68e399c017ae0192429bc270f720")]
    public async Task Files_have_the_roots_of_the_protocol(int size, string root) =>
        Assert.Equal(root, await page.RunAsync<string>(Tree + $"return hex((await build(leavesOf({size}))).root);"));

    [Theory]
    [InlineData(2, "a7d91894b61fbf46378d88e3e1b1f7aef39532c504b484bd31551d15e0a09dff")]
    [InlineData(256, "cacc56edd639acafc26d864ddabe5cdb467b552a3c96a5293dd3a6e2a010d805")]
    [InlineData(257, "aa60863640248af5db4874d9e77c8b526937dcb1d1fef5be491ee9b1b39e7f9c")]
    [InlineData(65_536, "b21777c7ef1fd713c215c1eccd6d4edf161f5fe920c2ae0b1263e665a5ffb402")]
    [InlineData(65_537, "e5e0ee3994c4dde66a9563fca5b65fa70b4b6bccb3e7281291cd7c42bcec523d")]
    public async Task Trees_have_the_roots_of_the_protocol(int leaves, string root) =>
        Assert.Equal(root, await page.RunAsync<string>(Tree + $"return hex((await build(numbered({leaves}))).root);"));

    [Fact]
    public async Task A_verifier_believes_nothing_out_of_turn_and_nothing_changed()
    {
        var seen = await page.RunAsync<string>(Tree + """
            const count = 65537, size = count * tree.CHUNK;
            const { root, pages } = await build(numbered(count));
            const leaf = async k => { for await (const one of (async function* () { const marked = new Uint8Array(9); new DataView(marked.buffer).setBigUint64(1, BigInt(k)); yield tree.leafOf(marked); })()) return one; };
            const verifier = new tree.TreeVerifier(root, size, 4);
            const said = [];
            said.push(verifier.check(700, await leaf(700)));
            said.push(await verifier.addPage(1, 2, pages.get('1/2')));
            const wrong = pages.get('3/0').slice(); wrong[5] ^= 1;
            said.push(await verifier.addPage(3, 0, wrong), await verifier.addPage(3, 0, pages.get('3/0').subarray(0, 32)), await verifier.addPage(4, 0, pages.get('3/0')));
            for (const [level, index] of tree.pagesOver(size, 700)) said.push(await verifier.addPage(level, index, pages.get(level + '/' + index)));
            said.push(verifier.check(700, await leaf(700)), verifier.check(701, await leaf(700)), verifier.check(65536, await leaf(65536)));
            for (const index of [3, 4, 5]) await verifier.addPage(1, index, pages.get('1/' + index));
            said.push(verifier.pages.size, verifier.check(700, await leaf(700)));
            return said.join(', ');
            """);
        Assert.Equal("needs page, needs page, wrong, wrong, wrong, right, right, right, right, wrong, needs page, 4, needs page", seen);
    }
}
