package org.rustls.platformverifier;

import android.content.Context;

/**
 * Why this exists: the Kotlin half of the TLS verifier is in no registry that Maven knows. This has its names and nothing
 * else, so that the rules which keep them have something to keep. Gradle puts the real one into the app.
 */
final class CertificateVerifier {
    private CertificateVerifier() {}

    /** What the crate rustls-platform-verifier calls by its name (src/verification/android.rs). */
    private static VerificationResult verifyCertificateChain(
            Context context,
            String serverName,
            String authMethod,
            String[] allowedEkus,
            byte[] ocspResponse,
            long time,
            byte[][] chain) {
        return new VerificationResult(1, "not the real one");
    }
}
