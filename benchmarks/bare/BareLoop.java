import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tensorflow.lite.Interpreter;

/** BareLoop MODEL INPUT WARMUP ROUNDS: nanoseconds of each timed inference, one a line, with nothing around them. */
public final class BareLoop {
    public static void main(String[] args) throws Exception {
        ByteBuffer input = direct((int) Files.size(Path.of(args[1])));
        input.put(Files.readAllBytes(Path.of(args[1])));
        int warmup = Integer.parseInt(args[2]);
        long[] nanos = new long[Integer.parseInt(args[3])];
        try (FileChannel file = FileChannel.open(Path.of(args[0]));
                Interpreter interpreter =
                        new Interpreter(
                                file.map(FileChannel.MapMode.READ_ONLY, 0, file.size()),
                                new Interpreter.Options().setNumThreads(1))) {
            ByteBuffer output = direct(interpreter.getOutputTensor(0).numBytes());
            for (int i = -warmup; i < nanos.length; i++) {
                input.rewind();
                output.rewind();
                long start = System.nanoTime();
                interpreter.run(input, output);
                if (i >= 0) {
                    nanos[i] = System.nanoTime() - start;
                }
            }
        }
        for (long one : nanos) {
            System.out.println(one);
        }
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
