"""What the site's own team does: withholding, editing, renaming, moving, destroying, redacting.

Which events each logs, and whether `updated_at` moves, is from site-contract.md sections 2.10, 3.2 and 10.
"""

from __future__ import annotations

from .changes import Changes
from .model import Authority, CensorRule, Comment, Event, File, Incoming, Outgoing, Request, User


class Moderation(Changes):
    def hide(
        self, what: Request | Incoming | Outgoing | Comment | File, prominence: str = "hidden", reason: str | None = None
    ) -> None:
        """Withholds something. `prominence`: 'hidden', 'requester_only', or for a request also 'backpage'."""
        self._show(what, prominence, reason)

    def unhide(self, what: Request | Incoming | Outgoing | Comment | File) -> None:
        self._show(what, "normal", None)

    def _show(self, what: Request | Incoming | Outgoing | Comment | File, prominence: str, reason: str | None) -> None:
        if isinstance(what, Comment):
            what.visible = prominence == "normal"
            self._log(self.requests[what.request_id], "edit_comment" if what.visible else "hide_comment", comment_id=what.id)
            return
        what.prominence, what.prominence_reason = prominence, reason
        match what:
            case Request():
                self._log(what, "hide" if prominence in ("hidden", "requester_only") else "edit")
                self._touch(what)
            case Incoming():
                request = self.requests[what.request_id]
                self._log(request, "edit_incoming", incoming_message_id=what.id)
                if prominence != "requester_only":
                    self._touch(request)
            case Outgoing():
                self._log(self.requests[what.request_id], "edit_outgoing", outgoing_message_id=what.id)
            case File():
                self._edit_file(what, "edit_attachment")

    def _edit_file(self, file: File, event_type: str) -> None:
        owner = self.files[file.id][1]
        self._queue(owner.files)
        self._log(self.requests[owner.request_id], event_type, incoming_message_id=owner.id)

    def _sha256(self, file: File) -> str:
        return self.file_sha256(file, self.requests[self.files[file.id][1].request_id])

    def hide_main_part(self, message: Incoming, hidden: bool = True) -> None:
        """Withholds the text of a mail and leaves its files."""
        message.main_part_hidden = hidden
        self._log(self.requests[message.request_id], "edit_attachment", incoming_message_id=message.id)

    def replace_file(self, file: File, content: bytes, filename: str | None = None) -> None:
        self.withdrawn_files.add(self._sha256(file))
        file.content = content
        if filename:
            file.filename, file.kind = filename, filename.rpartition(".")[2].lower()
        self._edit_file(file, "edit_attachment")

    def erase_file(self, file: File) -> None:
        self.withdrawn_files.add(self._sha256(file))
        file.erased, file.filename, file.content, file.text = True, f"attachment.{file.kind}", b"", ""
        self._edit_file(file, "erase_attachment")

    def edit_text(self, message: Incoming | Outgoing | Comment, text: str) -> None:
        request = self.requests[message.request_id]
        if message.text:
            self.withdrawn_texts.append((f"edited {message.anchor} of request {request.id}", self.shown_text(message, request)))
        message.text = text
        event = self._log(request, f"edit_{message.anchor.partition('-')[0]}")
        match message:
            case Incoming():
                event.incoming_message_id = message.id
            case Outgoing():
                event.outgoing_message_id = message.id
            case Comment():
                event.comment_id = message.id

    def redact(self, text: str, replacement: str = "[name removed]", request: Request | None = None) -> None:
        """A censor rule for one request or the whole site: texts, names and bytes change, and no event is logged."""
        self.withdrawn_texts.append((f"redaction {len(self.rules) + 1}", text))
        for file, owner in self.files.values():
            if request is None or owner.request_id == request.id:
                self.withdrawn_files.add(self.file_sha256(file, self.requests[owner.request_id]))
                self._queue([file])
        self.rules.append(CensorRule(text, replacement, request.id if request else None))
        self.revision += 1

    def rename(self, request: Request, title: str) -> None:
        """A new title, and with it a new slug; the old one is gone at once."""
        del self.slugs[request.url_title]
        self._slug_numbers.clear()
        request.title, request.url_title = title, self._free_slug(title, self.slugs)
        self.slugs[request.url_title] = request.id
        self._log(request, "edit")
        self._touch(request)

    def move_request(self, request: Request, authority: Authority | None = None, user: User | None = None) -> None:
        if authority:
            request.authority_id = authority.id
        if user:
            request.user_id = user.id
        self._log(request, "move_request")
        self._touch(request)

    def destroy(self, what: Request | Incoming | Outgoing | Comment) -> None:
        """Takes something out for good: its events go, and for a message one event says that it went."""
        if isinstance(what, Request):
            for event in list(what.events):
                self._forget(what, event)
            del self.requests[what.id], self.slugs[what.url_title]
            self._slug_numbers.clear()
            self.revision += 1
            return
        request = self.requests[what.request_id]
        for event in [e for e in request.events if self.message_of(e) is what]:
            self._forget(request, event)
        self._log(request, f"destroy_{what.anchor.partition('-')[0]}")
        self._touch(request)

    def _forget(self, request: Request, event: Event) -> None:
        message = self.message_of(event)
        request.events.remove(event)
        del self.events[event.id]
        if message and message.text:
            self.withdrawn_texts.append(
                (f"destroyed {message.anchor} of request {request.id}", self.shown_text(message, request))
            )
        match message:
            case Incoming():
                for file in message.files:
                    self.withdrawn_files.add(self.file_sha256(file, request))
                    del self.files[file.id]
                self.incoming.pop(message.id, None)
            case Outgoing():
                self.outgoing.pop(message.id, None)
            case Comment():
                self.comments.pop(message.id, None)

    def expire_embargo(self, request: Request) -> None:
        """The request becomes public; its events keep their old dates."""
        request.embargoed = False
        self._log(request, "expire_embargo")
