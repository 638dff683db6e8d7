package dev.tfliteharness;

import android.view.View;
import android.widget.AdapterView;
import android.widget.ArrayAdapter;
import android.widget.Spinner;
import java.util.List;

/** A spinner over a list of values; tells of a choice only when it is another one. */
final class Chooser<T> implements AdapterView.OnItemSelectedListener {
    /** Is told of the user's choice. */
    interface Listener {
        void onChosen();
    }

    private final Spinner spinner;
    private final Listener listener;
    private List<T> values;
    private int shown;

    Chooser(Spinner spinner, Listener listener) {
        this.spinner = spinner;
        this.listener = listener;
        spinner.setOnItemSelectedListener(this);
    }

    /** Offers values under these titles, the first one chosen. */
    void offer(List<T> newValues, List<String> titles) {
        values = newValues;
        shown = 0;
        ArrayAdapter<String> adapter = new ArrayAdapter<>(spinner.getContext(), R.layout.spinner_item, titles);
        adapter.setDropDownViewResource(R.layout.spinner_dropdown_item);
        spinner.setAdapter(adapter);
    }

    T chosen() {
        return values.get(spinner.getSelectedItemPosition());
    }

    void choose(T value) {
        shown = values.indexOf(value);
        spinner.setSelection(shown);
    }

    @Override
    public void onItemSelected(AdapterView<?> parent, View view, int position, long id) {
        if (position != shown) {
            shown = position;
            listener.onChosen();
        }
    }

    @Override
    public void onNothingSelected(AdapterView<?> parent) {
        // A list that isn't empty always has a choice.
    }
}
