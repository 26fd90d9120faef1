"""Tables for research, made from what the archive holds and rebuilt from it at any time (`wdtk study`).

Nothing in them is the site's own word: each says in its module, and in docs/study.md, by which rule its values come
about, and each row names the message, event or file that it rests on. They are dropped and made anew without loss.
"""
