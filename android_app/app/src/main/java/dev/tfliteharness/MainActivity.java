package dev.tfliteharness;

import android.app.Activity;
import android.os.Bundle;

/** Stand-in until the screen is there. */
public final class MainActivity extends Activity {
    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
    }
}
