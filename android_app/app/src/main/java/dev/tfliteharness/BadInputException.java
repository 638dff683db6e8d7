package dev.tfliteharness;

import java.io.IOException;

/** What was given to the app can't be used: the message says which part, and what it should have been. */
final class BadInputException extends IOException {
    BadInputException(String message) {
        super(message);
    }

    BadInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
