"""RTVI: pipecat's own client libraries call over a websocket."""
