package dev.tfliteharness;

/** What was thrown, in full: its own text and that of each cause. */
final class Failure {
    private Failure() {}

    static String text(Throwable thrown) {
        StringBuilder text = new StringBuilder(thrown.toString());
        for (Throwable cause = thrown.getCause(); cause != null; cause = cause.getCause()) {
            text.append("\ncaused by: ").append(cause);
        }
        return text.toString();
    }
}
