/* Which peers there are, and which this build has. */
#include <string.h>

#include "bench/peer.h"
#include "bench/peers.h"

#if SGAN_HAVE_ONEDNN
extern const struct bench_peer bench_peer_onednn;
#endif
#if SGAN_HAVE_OPENBLAS
extern const struct bench_peer bench_peer_openblas;
#endif
#if SGAN_HAVE_BLIS
extern const struct bench_peer bench_peer_blis;
#endif

static const struct {
	const char *name;
	const struct bench_peer *peer; /* NULL: not built */
} peers[] = {
#if SGAN_HAVE_ONEDNN
	{ "onednn", &bench_peer_onednn },
#else
	{ "onednn", NULL },
#endif
#if SGAN_HAVE_OPENBLAS
	{ "openblas", &bench_peer_openblas },
#else
	{ "openblas", NULL },
#endif
#if SGAN_HAVE_BLIS
	{ "blis", &bench_peer_blis },
#else
	{ "blis", NULL },
#endif
};

const struct bench_peer *bench_peer_find(const char *name, bool *known)
{
	*known = false;
	for (size_t i = 0; i < sizeof peers / sizeof *peers; i++)
		if (strcmp(peers[i].name, name) == 0) {
			*known = true;
			return peers[i].peer;
		}
	return NULL;
}
