package dev.tfliteharness;

import android.app.Activity;
import android.app.AlertDialog;
import android.content.Intent;
import android.graphics.Color;
import android.os.Bundle;
import android.os.SystemClock;
import android.util.Log;
import android.widget.Button;
import android.widget.EditText;
import android.widget.LinearLayout;

/** A button that does what the intent's "do" says, a text field below it, and a line in the log for each step of its life. */
public class PlayActivity extends Activity {
    private LinearLayout column;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        say("onCreate");
        column = new LinearLayout(this);
        column.setOrientation(LinearLayout.VERTICAL);
        column.setBackgroundColor(Color.RED);
        Button button = new Button(this);
        button.setText("press");
        button.setOnClickListener(view -> pressed());
        button.setOnLongClickListener(view -> say("held"));
        column.addView(button, new LinearLayout.LayoutParams(LinearLayout.LayoutParams.MATCH_PARENT, 600));
        EditText field = new EditText(this);
        field.setOnEditorActionListener((view, action, event) -> say("entered " + view.getText()));
        column.addView(field, new LinearLayout.LayoutParams(LinearLayout.LayoutParams.MATCH_PARENT, 300));
        setContentView(column);
    }

    private void pressed() {
        say("pressed");
        column.setBackgroundColor(Color.BLUE);
        String what = getIntent().getStringExtra("do");
        if ("throw".equals(what)) {
            throw new IllegalStateException("told to, by a finger");
        } else if ("stick".equals(what)) {
            SystemClock.sleep(60_000);
        } else if ("thread".equals(what)) {
            new Thread(() -> { throw new IllegalStateException("told to, in a thread"); }, "worker").start();
        } else if ("next".equals(what)) {
            startActivityForResult(new Intent(this, NextActivity.class), 7);
        } else if ("dialog".equals(what)) {
            new AlertDialog.Builder(this).setMessage("sure?").setPositiveButton("OK", (dialog, which) -> say("agreed")).show();
        } else if ("other".equals(what)) {
            startActivity(new Intent().setClassName("io.appium.android.apis", "io.appium.android.apis.app.HelloWorld"));
        }
    }

    @Override
    protected void onActivityResult(int request, int result, Intent data) {
        say("onActivityResult " + request + " " + result + " " + (data == null ? null : data.getStringExtra("answer")));
    }

    @Override
    protected void onNewIntent(Intent intent) {
        say("onNewIntent " + intent.getStringExtra("word"));
    }

    @Override
    protected void onStart() {
        super.onStart();
        say("onStart");
    }

    @Override
    protected void onResume() {
        super.onResume();
        say("onResume");
    }

    @Override
    protected void onPause() {
        say("onPause");
        super.onPause();
    }

    @Override
    protected void onStop() {
        say("onStop");
        super.onStop();
    }

    @Override
    protected void onDestroy() {
        say("onDestroy");
        super.onDestroy();
    }

    private boolean say(String what) {
        Log.i("play", getClass().getSimpleName() + " " + what);
        return true;
    }
}
