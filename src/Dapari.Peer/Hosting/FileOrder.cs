using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Peer.Hosting;

/// <summary>What a driver of files is to do, as an effect of the engine: the methods of <see cref="IFileLink"/>, one for one.</summary>
public abstract record FileOrder
{
    private FileOrder()
    {
    }

    /// <summary>Calls the driver.</summary>
    public abstract void Give(IFileLink link);

    /// <inheritdoc cref="IFileLink.Attach"/>
    public sealed record Attach(ContactId Contact, ulong Path, bool Offerer) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.Attach(Contact, Path, Offerer);
    }

    /// <inheritdoc cref="IFileLink.Detach"/>
    public sealed record Detach(ContactId Contact) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.Detach(Contact);
    }

    /// <inheritdoc cref="IFileLink.OpenSource"/>
    public sealed record OpenSource(TransferId Transfer, IReadOnlyList<FileId> Items) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.OpenSource(Transfer, Items);
    }

    /// <inheritdoc cref="IFileLink.SendControl"/>
    public sealed record SendControl(ContactId Contact, byte[] Message) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.SendControl(Contact, Message);
    }

    /// <inheritdoc cref="IFileLink.OpenDestination"/>
    public sealed record OpenDestination(TransferId Transfer, IReadOnlyList<FileId> Items) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.OpenDestination(Transfer, Items);
    }

    /// <inheritdoc cref="IFileLink.ReadManifest"/>
    public sealed record ReadManifest(TransferId Transfer) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.ReadManifest(Transfer);
    }

    /// <inheritdoc cref="IFileLink.Expect"/>
    public sealed record Expect(ContactId Contact, TransferId Transfer, ChunkRange Range) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.Expect(Contact, Transfer, Range);
    }

    /// <inheritdoc cref="IFileLink.ExpectNothing"/>
    public sealed record ExpectNothing(ContactId Contact, TransferId Transfer) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.ExpectNothing(Contact, Transfer);
    }

    /// <inheritdoc cref="IFileLink.Fetch"/>
    public sealed record Fetch(TransferId Transfer, DropOff DropOff, ChunkRange Range) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.Fetch(Transfer, DropOff, Range);
    }

    /// <inheritdoc cref="IFileLink.StopFetch"/>
    public sealed record StopFetch(TransferId Transfer) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.StopFetch(Transfer);
    }

    /// <inheritdoc cref="IFileLink.Serve"/>
    public sealed record Serve(ContactId Contact, TransferId Transfer, ChunkRange Range, bool Pages) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.Serve(Contact, Transfer, Range, Pages);
    }

    /// <inheritdoc cref="IFileLink.StopServing"/>
    public sealed record StopServing(ContactId Contact, TransferId Transfer) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.StopServing(Contact, Transfer);
    }

    /// <inheritdoc cref="IFileLink.Upload"/>
    public sealed record Upload(TransferId Transfer, DropOff DropOff, byte[] Token) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.Upload(Transfer, DropOff, Token);
    }

    /// <inheritdoc cref="IFileLink.StopUpload"/>
    public sealed record StopUpload(TransferId Transfer) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.StopUpload(Transfer);
    }

    /// <inheritdoc cref="IFileLink.RemoveDropOffs"/>
    public sealed record RemoveDropOffs(IReadOnlyList<DropOff> DropOffs) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.RemoveDropOffs(DropOffs);
    }

    /// <inheritdoc cref="IFileLink.Finish"/>
    public sealed record Finish(TransferId Transfer) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.Finish(Transfer);
    }

    /// <inheritdoc cref="IFileLink.Release"/>
    public sealed record Release(TransferId Transfer) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.Release(Transfer);
    }

    /// <inheritdoc cref="IFileLink.GoEasy"/>
    public sealed record GoEasy(bool Easy) : FileOrder
    {
        /// <inheritdoc/>
        public override void Give(IFileLink link) => link.GoEasy(Easy);
    }
}
