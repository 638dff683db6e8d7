package dev.tfliteharness;

import android.app.Activity;
import android.graphics.Color;
import android.os.Bundle;
import android.os.Handler;
import android.os.Looper;
import android.view.View;
import android.widget.LinearLayout;
import android.widget.ProgressBar;
import android.widget.TextView;

/** A screen of known colours: the upper half as told, the lower half green after a tenth of a second. */
public final class ProbeActivity extends Activity {
    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        if (getIntent().getBooleanExtra("crash", false)) {
            throw new IllegalStateException("told to, in onCreate");
        }
        LinearLayout column = new LinearLayout(this);
        column.setOrientation(LinearLayout.VERTICAL);
        View upper = new View(this);
        upper.setBackgroundColor(Color.parseColor(getIntent().getStringExtra("colour")));
        column.addView(upper, new LinearLayout.LayoutParams(LinearLayout.LayoutParams.MATCH_PARENT, 0, 1));
        View lower = new View(this);
        column.addView(lower, new LinearLayout.LayoutParams(LinearLayout.LayoutParams.MATCH_PARENT, 0, 1));
        TextView words = new TextView(this);
        words.setText(String.valueOf(getIntent().getIntExtra("number", 0)));
        column.addView(words);
        column.addView(new ProgressBar(this));
        setContentView(column);
        new Handler(Looper.getMainLooper()).postDelayed(() -> lower.setBackgroundColor(Color.GREEN), 100);
    }
}
