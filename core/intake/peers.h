// SPDX-License-Identifier: Apache-2.0
// Connections: who may open one, and how long a request may take to arrive. Intake thread.
#pragma once
#include "intake/state.h"

// Callbacks of libmicrohttpd; `context` is the md_intake.
enum MHD_Result md_peers_may_connect(void *context, const struct sockaddr *socket, socklen_t len);
void md_peers_changed(void *context, struct MHD_Connection *connection, void **peer,
                      enum MHD_ConnectionNotificationCode code);
// From now on a request, or the rest of one, has the usual time to arrive; or none is awaited.
void md_peer_expect(md_peer *peer);
void md_peer_expect_nothing(md_peer *peer);
// Something of a chunked body is here, or its head.
void md_peer_saw_chunk(md_peer *peer);
// While libmicrohttpd is never done: closes who sent a part of a chunked body that fills the connection's memory, as a
// long chunk extension does. libmicrohttpd would go round and round about it until the connection's time is over.
void md_peers_end_stuck(md_intake *intake);
