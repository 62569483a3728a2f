"""The page that talks: served at `/`, over WebRTC or the websocket, with no code from elsewhere."""
