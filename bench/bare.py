"""The bare websocket server that fan-out is measured against: what one client sends, all others get, as it came."""

import asyncio
import sys

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

_connected: set[WSTransport] = set()


class _Client(WSListener):
    """One connection. A cast is acknowledged before it goes out, as a bid is."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        _connected.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        _connected.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        payload = frame.get_payload_as_bytes()
        transport.send(WSMsgType.TEXT, b"43")
        for other in _connected:
            if other is not transport:
                other.send(WSMsgType.TEXT, payload)


async def _serve(port: int) -> None:
    server = await ws_create_server(lambda request: _Client(), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1])))
