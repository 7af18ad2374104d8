"""tls_sink.py CHAIN KEY: a server that begins with TLS, greets, and says goodbye to whatever comes; one at a time."""

import socket
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:3])
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(f"127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with context.wrap_socket(sock, server_side=True) as peer:
                peer.sendall(b"220 sink.example.com ESMTP\r\n")
                peer.recv(1000)
                peer.sendall(b"221 2.0.0 Bye\r\n")
                peer.recv(1000)
        except OSError:
            sock.close()
