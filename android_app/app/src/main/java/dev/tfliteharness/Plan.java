package dev.tfliteharness;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What the host asks for: models, their inputs, and the cells in which each model is to be run. */
final class Plan {
    static final int SCHEMA = 1;

    final String runId;
    final List<Model> models;

    private Plan(String runId, List<Model> models) {
        this.runId = runId;
        this.models = models;
    }

    /** One model of the APK with the inputs and the cells that it is run with. */
    static final class Model {
        final String name;
        final String asset;
        final String sha256;
        final List<Input> inputs;
        final List<Cell> cells;

        Model(String name, String asset, String sha256, List<Input> inputs, List<Cell> cells) {
            this.name = name;
            this.asset = asset;
            this.sha256 = sha256;
            this.inputs = inputs;
            this.cells = cells;
        }
    }

    /** One input of a model: where each of its input tensors comes from, in the model's order. */
    static final class Input {
        final String name;
        final List<TensorSource> tensors;

        Input(String name, List<TensorSource> tensors) {
            this.name = name;
            this.tensors = tensors;
        }
    }

    /** Where the raw bytes of one tensor are: native byte order, row-major. A run has a folder for its outputs. */
    static final class TensorSource {
        private final File file;
        private final String output;
        private final String answer;
        final String sha256;

        private TensorSource(File file, String output, String answer, String sha256) {
            this.file = file;
            this.output = output;
            this.answer = answer;
            this.sha256 = sha256;
        }

        static TensorSource file(File file, String sha256) {
            return new TensorSource(file, null, null, sha256);
        }

        /** What a cell before this one answered in the same run; its hash isn't known beforehand. */
        static TensorSource output(String id, int cell, String input, int number) {
            return new TensorSource(
                    null,
                    CellRun.outputFile(cell, input, number),
                    "output " + number + " of " + id + " for " + input,
                    null);
        }

        File in(File run) throws BadInputException {
            if (output == null) {
                return file;
            }
            File found = new File(run, output);
            if (!found.isFile()) {
                throw new BadInputException(answer + " isn't there: that cell didn't answer");
            }
            return found;
        }
    }

    /** One backend's turn with a model: how often, and its place in the run's list of cells. */
    static final class Cell {
        final String id;
        final int index;
        final Backend.Choice backend;
        final int warmup;
        final int rounds;

        Cell(String id, int index, Backend.Choice backend, int warmup, int rounds) {
            this.id = id;
            this.index = index;
            this.backend = backend;
            this.warmup = warmup;
            this.rounds = rounds;
        }
    }

    static Plan read(File file) throws IOException {
        Fields fields = Fields.parse(Bytes.text(file), file.getPath());
        fields.requireSchema(SCHEMA);
        List<Model> models = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (Fields model : fields.objects("models")) {
            models.add(model(model, file.getParentFile(), ids));
        }
        if (models.isEmpty()) {
            throw fields.bad("models", "must have at least one");
        }
        return new Plan(fields.name("run_id"), Collections.unmodifiableList(models));
    }

    /** The ids of all cells, in the order in which records count them. */
    List<String> cellIds() {
        List<String> ids = new ArrayList<>();
        for (Model model : models) {
            for (Cell cell : model.cells) {
                ids.add(cell.id);
            }
        }
        return ids;
    }

    private static Model model(Fields fields, File folder, List<String> ids) throws BadInputException {
        List<Input> inputs = new ArrayList<>();
        for (Fields input : fields.objects("inputs")) {
            inputs.add(input(input, folder, ids));
        }
        if (inputs.isEmpty()) {
            throw fields.bad("inputs", "must have at least one");
        }
        List<Cell> cells = new ArrayList<>();
        for (Fields cell : fields.objects("cells")) {
            String id = cell.string("id");
            if (ids.contains(id)) {
                throw cell.bad("id", "must be there once");
            }
            ids.add(id);
            cells.add(
                    new Cell(
                            id,
                            ids.size() - 1,
                            Backend.Choice.read(cell),
                            cell.integer("warmup", 0),
                            cell.integer("rounds", 0)));
        }
        String name = fields.name("model") + "/" + fields.name("variant");
        return new Model(name, fields.string("asset"), fields.string("sha256"), inputs, cells);
    }

    private static Input input(Fields fields, File folder, List<String> ids) throws BadInputException {
        List<TensorSource> tensors = new ArrayList<>();
        for (Fields tensor : fields.objects("tensors")) {
            tensors.add(tensor.has("cell") ? output(tensor, ids) : file(tensor, folder));
        }
        return new Input(fields.name("name"), tensors);
    }

    private static TensorSource file(Fields tensor, File folder) throws BadInputException {
        File file = new File(tensor.string("file"));
        return TensorSource.file(
                file.isAbsolute() ? file : new File(folder, file.getPath()), tensor.string("sha256"));
    }

    private static TensorSource output(Fields tensor, List<String> ids) throws BadInputException {
        String id = tensor.string("cell");
        int cell = ids.indexOf(id);
        if (cell < 0) {
            throw tensor.bad("cell", "must be a cell of a model before this one");
        }
        return TensorSource.output(id, cell, tensor.name("input"), tensor.integer("output", 0));
    }
}
