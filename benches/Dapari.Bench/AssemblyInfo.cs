using System.Runtime.Versioning;

// As the native peer, which some of it measures.
[assembly: UnsupportedOSPlatform("windows")]
