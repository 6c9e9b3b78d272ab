# SPDX-License-Identifier: Apache-2.0
"""A real SMTP server for end-to-end tests, on a free port or on a given one: aiosmtpd in a thread of its own."""
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Server(Controller):
    """`handler` is aiosmtpd's; `session` a class for what its hooks cannot do."""

    def __init__(self, handler, port=0, session=SMTP):
        super().__init__(handler, hostname="127.0.0.1", port=port)
        self.session = session
        self.start()

    def factory(self):
        return self.session(self.handler, hostname="test")

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"
