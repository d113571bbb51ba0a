import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Posting as a Kafka Streams application with a state store, exactly once (v2).
 *
 * <p>Tuning: one thread for one worker; commits every 100 ms (its own default for exactly once) or what
 * PEER_COMMIT_MS says; lz4 and batches of 256 KiB on the producer; a record cache of 64 MiB before RocksDB and the
 * changelog; a session of 10 s, and static membership, so that a process that is started again takes its partitions
 * at once.
 */
public final class StreamsPosting {
    private static final int HEADER_BYTES = 5; // magic byte and schema id

    public static void main(String[] arguments) throws Exception {
        Schema schema = new Schema.Parser().parse(Path.of(System.getenv("PEER_SCHEMA")).toFile());
        StoreBuilder<KeyValueStore<String, Long>> stock =
                Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore("stock"), Serdes.String(), Serdes.Long())
                        .withCachingEnabled();

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream("movements", Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .process(
                        new ProcessorSupplier<String, byte[], String, String>() {
                            @Override
                            public Processor<String, byte[], String, String> get() {
                                return new Posting(schema);
                            }

                            @Override
                            public Set<StoreBuilder<?>> stores() {
                                return Set.of(stock);
                            }
                        })
                .to("peer-results", Produced.with(Serdes.String(), Serdes.String()));

        KafkaStreams streams = new KafkaStreams(builder.build(), settings());
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    streams.close(Duration.ofSeconds(10));
                                    ended.countDown();
                                }));
        streams.start();
        ended.await();
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, System.getenv("PEER_GROUP"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("PEER_BOOTSTRAP_SERVERS"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("PEER_STATE_DIR"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, System.getenv().getOrDefault("PEER_COMMIT_MS", "100"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L * 1024 * 1024);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 10_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 1000);
        settings.put(
                StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), System.getenv("PEER_INSTANCE"));
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 * 1024);
        return settings;
    }

    /** Keeps the stock of each item and tells it after each movement, in millionths. */
    private static final class Posting implements Processor<String, byte[], String, String> {
        private final GenericDatumReader<GenericRecord> reader;
        private ProcessorContext<String, String> context;
        private KeyValueStore<String, Long> stock;
        private BinaryDecoder decoder;
        private GenericRecord movement;

        Posting(Schema schema) {
            reader = new GenericDatumReader<>(schema);
        }

        @Override
        public void init(ProcessorContext<String, String> context) {
            this.context = context;
            stock = context.getStateStore("stock");
        }

        @Override
        public void process(Record<String, byte[]> record) {
            byte[] value = record.value();
            decoder = DecoderFactory.get()
                    .binaryDecoder(value, HEADER_BYTES, value.length - HEADER_BYTES, decoder);
            try {
                movement = reader.read(movement, decoder);
            } catch (IOException error) {
                throw new IllegalStateException("not a movement: " + record.key(), error);
            }
            long quantity = millionths((ByteBuffer) movement.get("quantity"));
            boolean load = "IN".contentEquals((CharSequence) movement.get("template"));
            Long before = stock.get(record.key());
            long after = (before == null ? 0 : before) + (load ? quantity : -quantity);
            stock.put(record.key(), after);
            String result = "{\"movement_id\": \"" + movement.get("movement_id") + "\", \"stock_after\": " + after + "}";
            context.forward(record.withValue(result));
        }

        private static long millionths(ByteBuffer decimal) {
            byte[] bytes = new byte[decimal.remaining()];
            decimal.duplicate().get(bytes);
            return new java.math.BigInteger(bytes).longValueExact();
        }
    }
}
