"""The verbs of the `wdtk` command, by what they touch: the site, the archive, or a reader's eyes."""
