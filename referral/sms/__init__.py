"""The phone that texts: the gateway's SMS callbacks. Protocol in, protocol out; it decides nothing and answers nothing but 200 or 404."""
