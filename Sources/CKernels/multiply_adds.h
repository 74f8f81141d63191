// Panels of a bfloat16 product by multiply-adds of single precision, for a processor without an instruction for pairs, or
// with a slow one. `bfloat16.c` includes this.

/// What a tile takes in at a time: its rows and that part of a panel stay in the nearest cache, as floats too.
enum { PART_PAIRS = 48 };
/// Places for a pair's rows where the left factor is turned.
enum { TURNED_ROWS = 8 };

/// A tile's rows taken apart, once for all columns of a panel: the pairs' later factors and their earlier ones. Pair p of
/// row r is at r * PART_PAIRS + p, or at p * TURNED_ROWS + r where the factor is turned.
typedef struct {
    float later[TURNED_ROWS * PART_PAIRS], earlier[TURNED_ROWS * PART_PAIRS];
} left_floats;

INLINE void take_apart(uint32_t word, left_floats *to, long place) {
    const uint32_t later = word & 0xffff0000u, earlier = word << 16;
    memcpy(to->later + place, &later, sizeof later);
    memcpy(to->earlier + place, &earlier, sizeof earlier);
}

/// The factors of sixteen pairs.
INLINE void take_lanes_apart(const uint32_t *from, float *later, float *earlier) {
    const word_lanes words = *(const word_lanes *)from;
    *(lanes *)later = (lanes)(words & 0xffff0000u);
    *(lanes *)earlier = (lanes)(words << 16);
}

/// The pairs of a turned factor whose rows lie side by side, `TURNED_ROWS` words at a time, but for the last one: behind the
/// rows of the others stand more words, which nothing comes of. Returns how many they are.
INLINE long take_columns_apart(long pairs, left_factor a, left_floats *to) {
    typedef uint32_t turned_words __attribute__((vector_size(4 * TURNED_ROWS), aligned(4)));
    typedef float turned_floats __attribute__((vector_size(4 * TURNED_ROWS), aligned(4)));
    if (a.row != 1 || a.pair < TURNED_ROWS) return 0;
    for (long p = 0; p < pairs - 1; p++) {
        const turned_words words = *(const turned_words *)(a.words + p * a.pair);
        *(turned_floats *)(to->later + p * TURNED_ROWS) = (turned_floats)(words & 0xffff0000u);
        *(turned_floats *)(to->earlier + p * TURNED_ROWS) = (turned_floats)(words << 16);
    }
    return pairs - 1;
}

/// Each branch walks the words as they usually lie.
INLINE void take_rows_apart(const int turned, long rows, long pairs, left_factor a, left_floats *to) {
    if (turned)
        for (long p = take_columns_apart(pairs, a, to); p < pairs; p++)
            for (long r = 0; r < rows; r++) take_apart(a.words[p * a.pair + r * a.row], to, p * TURNED_ROWS + r);
    else
        for (long r = 0; r < rows; r++) {
            const uint32_t *words = a.words + r * a.row;
            long p = 0;
            for (; p + LANES <= pairs; p += LANES)
                take_lanes_apart(words + p, to->later + r * PART_PAIRS + p, to->earlier + r * PART_PAIRS + p);
            for (; p < pairs; p++) take_apart(words[p], to, r * PART_PAIRS + p);
        }
}

/// Part of a panel: its words, or what they hold, which is `floats` if that is not null. There the later factors of a pair
/// are followed by the earlier ones.
typedef struct {
    const uint32_t *words;
    const float *floats;
} panel_part;

INLINE void take_panel_apart(long pairs, const uint32_t *panel, float *floats) {
    for (long p = 0; p < pairs; p++, panel += PANEL, floats += 2 * PANEL)
        for (long j = 0; j < PANEL; j += LANES) take_lanes_apart(panel + j, floats + j, floats + PANEL + j);
}

/// `rows` x (16 * `vectors`) sums. These two and the switches are constants where this is inlined.
INLINE void add_tile(const int rows, const int vectors, const int turned, const int fetches, const int is_apart,
                     long pairs, const left_floats *left, panel_part panel, fetched_lines fetched, float *c, long c_row,
                     int accumulate) {
    const long row = turned ? 1 : PART_PAIRS, pair = turned ? TURNED_ROWS : 1;
    lanes sum[TILE_ROWS][PANEL / LANES];
    // What is not read before it is written comes from far all the same.
    if (fetches && !accumulate) {
#pragma unroll
        for (int r = 0; r < rows; r++)
#pragma unroll
            for (int v = 0; v < vectors; v++) __builtin_prefetch(c + r * c_row + v * LANES, 1, 3);
    }
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int v = 0; v < vectors; v++)
            sum[r][v] = accumulate ? *(const lanes *)(c + r * c_row + v * LANES) : (lanes){0};
    for (long p = 0; p < pairs; p++, fetched.line += fetched.step) {
        if (fetches) __builtin_prefetch(fetched.line, 0, 2);
        const word_lanes *words = (const word_lanes *)(panel.words + p * PANEL);
        const lanes *floats = is_apart ? (const lanes *)(panel.floats + p * 2 * PANEL) : 0;
        lanes right[PANEL / LANES];
#pragma unroll
        for (int v = 0; v < vectors; v++) right[v] = is_apart ? floats[v] : (lanes)(words[v] & 0xffff0000u);
#pragma unroll
        for (int r = 0; r < rows; r++)
#pragma unroll
            for (int v = 0; v < vectors; v++) sum[r][v] += left->later[r * row + p * pair] * right[v];
        // Read anew: kept, the words would take registers that the sums need.
        __asm__("" : "+r"(words));
#pragma unroll
        for (int v = 0; v < vectors; v++)
            right[v] = is_apart ? floats[PANEL / LANES + v] : (lanes)(words[v] << 16);
#pragma unroll
        for (int r = 0; r < rows; r++)
#pragma unroll
            for (int v = 0; v < vectors; v++) sum[r][v] += left->earlier[r * row + p * pair] * right[v];
    }
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int v = 0; v < vectors; v++) *(lanes *)(c + r * c_row + v * LANES) = sum[r][v];
}

/// All columns of a panel for one tile's rows, `vectors` at a time.
INLINE void add_columns(const int rows, const int vectors, const int turned, const int fetches, const int is_apart,
                        long pairs, const left_floats *left, panel_part panel, next_panel *next, float *c, long c_row,
                        int accumulate) {
    for (int j = 0; j < PANEL; j += vectors * LANES) {
        const panel_part columns = {panel.words + j, is_apart ? panel.floats + j : 0};
        add_tile(rows, vectors, turned, fetches, is_apart, pairs, left, columns, lines_of(next, pairs, panel.words),
                 c + j, c_row, accumulate);
    }
}

/// All rows. `wide` says that there are 32 registers of 512 bits, otherwise 16 of fewer: a tile's sums and factors fill
/// them. With wide ones a product may wait for memory, so what comes next is fetched.
INLINE void add_rows(const int wide, const int turned, const int is_apart, long rows, long pairs, left_factor a,
                     panel_part panel, next_panel *next, float *c, long c_row, int accumulate) {
    left_floats left;
    for (long r = 0; r < rows; r += TILE_ROWS, c += TILE_ROWS * c_row) {
        const long held = smaller(TILE_ROWS, rows - r);
        take_rows_apart(turned, held, pairs, part_of(a, r, 0), &left);
        switch (held) {
#define ROWS(n, vectors)                                                                                               \
    case n:                                                                                                            \
        add_columns(n, wide ? 4 : vectors, turned, wide, is_apart, pairs, &left, panel, next, c, c_row, accumulate); \
        break;
            ROWS(1, 4) ROWS(2, 2) ROWS(3, 1) ROWS(4, 1) ROWS(5, 1) ROWS(6, 1)
#undef ROWS
        }
    }
}

INLINE void add_part(const int wide, const int is_apart, long rows, long pairs, left_factor a, panel_part panel,
                     next_panel *next, float *c, long c_row, int accumulate) {
    if (a.pair == 1) add_rows(wide, 0, is_apart, rows, pairs, a, panel, next, c, c_row, accumulate);
    else add_rows(wide, 1, is_apart, rows, pairs, a, panel, next, c, c_row, accumulate);
}

INLINE void add_panel(const int wide, long rows, long pairs, left_factor a, const uint32_t *panel,
                      const uint32_t *ahead, float *c, long c_row, int accumulate) {
    for (long p = 0; p < pairs; p += PART_PAIRS) {
        const long held = smaller(PART_PAIRS, pairs - p);
        const int adds = accumulate || p > 0;
        const uint32_t *words = panel + p * PANEL;
        next_panel next = panel_ahead(ahead ? ahead + p * PANEL : ahead, held);
        // With wide registers taking words apart holds multiply-adds up, and is done once for all tiles.
        if (wide && rows > TILE_ROWS) {
            float floats[2 * PANEL * PART_PAIRS];
            take_panel_apart(held, words, floats);
            const panel_part part = {words, floats};
            add_part(wide, 1, rows, held, part_of(a, 0, p), part, &next, c, c_row, adds);
        } else {
            const panel_part part = {words, 0};
            add_part(wide, 0, rows, held, part_of(a, 0, p), part, &next, c, c_row, adds);
        }
    }
}

DISPATCHED static void narrow_registers(long rows, long pairs, left_factor a, const uint32_t *panel,
                                        const uint32_t *ahead, float *c, long c_row, int accumulate) {
    add_panel(0, rows, pairs, a, panel, ahead, c, c_row, accumulate);
}

#if defined(__x86_64__)
__attribute__((target("arch=x86-64-v4"))) static void wide_registers(long rows, long pairs, left_factor a,
                                                                     const uint32_t *panel, const uint32_t *ahead,
                                                                     float *c, long c_row, int accumulate) {
    add_panel(1, rows, pairs, a, panel, ahead, c, c_row, accumulate);
}
#endif
