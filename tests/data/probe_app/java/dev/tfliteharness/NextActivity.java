package dev.tfliteharness;

import android.content.Intent;

/** The activity that {@link PlayActivity} asks; Back is its answer. */
public final class NextActivity extends PlayActivity {
    @Override
    public void onBackPressed() {
        setResult(RESULT_OK, new Intent().putExtra("answer", "42"));
        super.onBackPressed();
    }
}
