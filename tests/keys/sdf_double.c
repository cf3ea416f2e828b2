/* A small stand-in for a vendor's SDF library (GM/T 0018): the calls sscard makes, and refusals like a device's.
 *
 * SM4 after GB/T 32907.  "SM1" is SM4 with the halves of its key exchanged: the real cipher is not published.
 * Key-encrypting key 1 is 11..11; internal key 5 is 00 01 .. 0F; index 9 may not be used; index 66 breaks the line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ERR(number) (0x01000000u + (number))
enum { NOTSUPPORT = 2, COMMFAIL = 3, OPENDEVICE = 5, PARDENY = 7, KEYNOTEXIST = 8, ALGNOTSUPPORT = 9, INARGERR = 0x1D };

static const uint8_t SBOX[256] = {
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05,
    0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
    0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
    0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6,
    0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8,
    0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
    0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87,
    0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e,
    0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
    0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3,
    0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
    0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
    0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8,
    0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0,
    0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
    0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48};

typedef struct { uint8_t value[16]; } Key;
typedef struct {
    char issuer[40], name[16], serial[16];
    unsigned version, standard, asymmetric[2], symmetric, hash, buffer;
} DeviceInfo;

static int devices, sessions, keys;
int double_open_things(void) { return devices + sessions + keys; }

static uint32_t load(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static void store(uint8_t *p, uint32_t x) { p[0] = x >> 24; p[1] = x >> 16; p[2] = x >> 8; p[3] = x; }
static uint32_t turn(uint32_t x, int n) { return x << n | x >> (32 - n); }
static uint32_t tau(uint32_t x) {
    return (uint32_t)SBOX[x >> 24] << 24 | (uint32_t)SBOX[x >> 16 & 255] << 16 | (uint32_t)SBOX[x >> 8 & 255] << 8 |
           SBOX[x & 255];
}

static void sm4(const uint8_t *key, const uint8_t *in, uint8_t *out, int decrypt) {
    static const uint32_t FK[4] = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};
    uint32_t k[36], x[36];
    for (int i = 0; i < 4; i++) k[i] = load(key + 4 * i) ^ FK[i];
    for (int i = 0; i < 32; i++) {
        uint32_t ck = 0;
        for (int j = 0; j < 4; j++) ck = ck << 8 | (uint8_t)((4 * i + j) * 7);
        uint32_t b = tau(k[i + 1] ^ k[i + 2] ^ k[i + 3] ^ ck);
        k[i + 4] = k[i] ^ b ^ turn(b, 13) ^ turn(b, 23);
    }
    for (int i = 0; i < 4; i++) x[i] = load(in + 4 * i);
    for (int i = 0; i < 32; i++) {
        uint32_t b = tau(x[i + 1] ^ x[i + 2] ^ x[i + 3] ^ k[decrypt ? 35 - i : i + 4]);
        x[i + 4] = x[i] ^ b ^ turn(b, 2) ^ turn(b, 10) ^ turn(b, 18) ^ turn(b, 24);
    }
    for (int i = 0; i < 4; i++) store(out + 4 * i, x[35 - i]);
}

static int cipher(const Key *key, unsigned algorithm, const uint8_t *in, uint8_t *out, int decrypt) {
    uint8_t value[16];
    memcpy(value, key->value, 16);
    if ((algorithm & 0xFF00) == 0x0100) {
        memcpy(value, key->value + 8, 8);
        memcpy(value + 8, key->value, 8);
    } else if ((algorithm & 0xFF00) != 0x0400) {
        return 0;
    }
    sm4(value, in, out, decrypt);
    return 1;
}

static unsigned give(const uint8_t *value, void **handle) {
    Key *key = malloc(sizeof *key);
    memcpy(key->value, value, 16);
    *handle = key;
    keys++;
    return 0;
}

unsigned SDF_OpenDevice(void **device) {
    if (getenv("SDF_DOUBLE_ABSENT")) return ERR(OPENDEVICE);
    *device = &devices;
    devices++;
    return 0;
}
unsigned SDF_CloseDevice(void *device) { (void)device; devices--; return 0; }
unsigned SDF_OpenSession(void *device, void **session) { (void)device; *session = &sessions; sessions++; return 0; }
unsigned SDF_CloseSession(void *session) { (void)session; sessions--; return 0; }

unsigned SDF_GetDeviceInfo(void *session, DeviceInfo *info) {
    (void)session;
    memset(info, 0, sizeof *info);
    strcpy(info->issuer, "sscard tests");
    strcpy(info->name, "double");
    info->symmetric = 0x0400 | 0x0100;
    return 0;
}

unsigned SDF_ImportKeyWithKEK(void *session, unsigned algorithm, unsigned kek, uint8_t *wrapped, unsigned size,
                              void **handle) {
    (void)session;
    Key one;
    uint8_t value[16];
    memset(one.value, 0x11, 16);
    if (kek != 1) return ERR(KEYNOTEXIST);
    if (size != 16) return ERR(INARGERR);
    if (!cipher(&one, algorithm, wrapped, value, 1)) return ERR(ALGNOTSUPPORT);
    return give(value, handle);
}

unsigned SDF_ImportKey(void *session, uint8_t *value, unsigned size, void **handle) {
    (void)session;
    return size == 16 ? give(value, handle) : ERR(INARGERR);
}

unsigned SDF_GetSymmKeyHandle(void *session, unsigned index, void **handle) {
    (void)session;
    uint8_t value[16];
    for (int i = 0; i < 16; i++) value[i] = i;
    if (index == 9) return ERR(PARDENY);
    if (index == 66) return ERR(COMMFAIL);
    return index == 5 ? give(value, handle) : ERR(KEYNOTEXIST);
}

unsigned SDF_DestroyKey(void *session, void *handle) {
    (void)session;
    memset(handle, 0, sizeof(Key));
    free(handle);
    keys--;
    return 0;
}

static unsigned blocks(const Key *key, unsigned algorithm, uint8_t *in, unsigned size, uint8_t *out, unsigned *length,
                       int decrypt) {
    if (size % 16 || *length < size) return ERR(INARGERR);
    for (unsigned at = 0; at < size; at += 16)
        if (!cipher(key, algorithm, in + at, out + at, decrypt)) return ERR(ALGNOTSUPPORT);
    *length = size;
    return 0;
}

unsigned SDF_Encrypt(void *session, void *key, unsigned algorithm, uint8_t *iv, uint8_t *in, unsigned size,
                     uint8_t *out, unsigned *length) {
    (void)session, (void)iv;
    return blocks(key, algorithm, in, size, out, length, 0);
}
unsigned SDF_Decrypt(void *session, void *key, unsigned algorithm, uint8_t *iv, uint8_t *in, unsigned size,
                     uint8_t *out, unsigned *length) {
    (void)session, (void)iv;
    return blocks(key, algorithm, in, size, out, length, 1);
}

unsigned SDF_CalculateMAC(void *session, void *key, unsigned algorithm, uint8_t *iv, uint8_t *in, unsigned size,
                          uint8_t *mac, unsigned *length) {
    (void)session;
    uint8_t last[16];
    if (size % 16 || *length < 16) return ERR(INARGERR);
    memcpy(last, iv, 16);
    for (unsigned at = 0; at < size; at += 16) {
        for (int i = 0; i < 16; i++) last[i] ^= in[at + i];
        if (!cipher(key, algorithm, last, last, 0)) return ERR(ALGNOTSUPPORT);
    }
    memcpy(mac, last, 16);
    *length = 16;
    return 0;
}
