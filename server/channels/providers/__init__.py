"""Numbers of telephone providers: their webhooks, their websockets, their signatures."""
