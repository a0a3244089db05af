#!/usr/bin/env python3
"""Answers whatever is said to a Dapari node, and accepts who asks. Standard library only.

    dapari up &
    eng/examples/echo-bot.py [FOLDER]
"""
import http.client
import json
import os
import socket
import sys
import urllib.parse


class Node(http.client.HTTPConnection):
    """The local API over its Unix socket."""

    def __init__(self, folder):
        super().__init__("localhost")
        self.path = os.path.join(folder, "api.sock")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(folder, method, path, body=None):
    node = Node(folder)
    node.request(method, "/v1/" + path, json.dumps(body) if body is not None else None)
    answer = node.getresponse()
    text = json.loads(answer.read())
    if answer.status != 200:
        print(f"{path}: {text['detail']}", file=sys.stderr)
    return text


def events(folder):
    node = Node(folder)
    node.request("GET", "/v1/events")
    for line in node.getresponse():
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def main():
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    folder = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("DAPARI_HOME") or os.path.join(state, "dapari")
    for event in events(folder):
        contact = event.get("contact")
        if contact and contact["state"] == "asking":
            ask(folder, "PATCH", "contacts/" + contact["id"], {"answer": "accept"})
        message = event.get("message")
        if message and event.get("arrived") and message["kind"] == "text":
            ask(folder, "POST", f"contacts/{urllib.parse.quote(message['contact'])}/messages", {"text": "You said: " + message["text"]})
            ask(folder, "POST", f"contacts/{message['contact']}/read")


if __name__ == "__main__":
    main()
