package org.rustls.platformverifier;

/** Both fields are read by their names. */
final class VerificationResult {
    private final int code;
    private final String message;

    VerificationResult(int code, String message) {
        this.code = code;
        this.message = message;
    }
}
