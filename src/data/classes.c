/* What classes are called: a table of known sets, lists of words, numbers.
 * It must not know how sets are read. */
#include "src/data/classes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/data/found.h"

#define DIGITS "0,1,2,3,4,5,6,7,8,9"
#define UPPER "A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q,R,S,T,U,V,W,X,Y,Z"
#define LOWER "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z"
#define LOWER_UNLIKE_UPPER "a,b,d,e,f,g,h,n,q,r,t"

static const struct {
	const char *set, *names;
} known[] = {
	{ "mnist", DIGITS },
	{ "qmnist", DIGITS },
	{ "svhn", DIGITS },
	{ "fashion-mnist", "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot" },
	{ "kmnist", "o,ki,su,tsu,na,ha,ma,ya,re,wo" },
	/* Cohen, Afshar, Tapson and van Schaik, "EMNIST: an extension of MNIST to handwritten letters", 2017. */
	{ "emnist-letters", UPPER },
	{ "emnist-digits", DIGITS },
	{ "emnist-mnist", DIGITS },
	{ "emnist-balanced", DIGITS "," UPPER "," LOWER_UNLIKE_UPPER },
	{ "emnist-bymerge", DIGITS "," UPPER "," LOWER_UNLIKE_UPPER },
	{ "emnist-byclass", DIGITS "," UPPER "," LOWER },
};

const char *sgan_class_names(const char *set)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(set, known[i].set) == 0)
			return known[i].names;
	return NULL;
}

static size_t count_words(const char *list, const char *between)
{
	size_t count = 0;
	for (const char *word = list + strspn(list, between); *word; word += strspn(word, between)) {
		word += strcspn(word, between);
		count++;
	}
	return count;
}

size_t sgan_class_count(const char *set)
{
	const char *names = sgan_class_names(set);
	return names ? count_words(names, ",") : 0;
}

static sgan_status take_words(const char *list, const char *between, uint32_t first, struct sgan_class *classes)
{
	uint32_t i = 0;
	for (const char *word = list + strspn(list, between); *word; word += strspn(word, between)) {
		size_t length = strcspn(word, between);
		if (length >= sizeof classes->name)
			return sgan_fail(SGAN_EFORMAT, "the name of class %" PRIu32 " is %zu bytes long, at most %zu expected", i,
			                 length, sizeof classes->name - 1);
		memcpy(classes[i].name, word, length);
		classes[i].number = first + i;
		i++;
		word += length;
	}
	return SGAN_OK;
}

sgan_status sgan_classes_listed(const char *list, const char *between, uint32_t first, struct sgan_class **classes,
                                size_t *count)
{
	size_t words = count_words(list, between);
	if (words < 1 || words > SGAN_DATA_CLASSES)
		return sgan_fail(SGAN_EFORMAT, "%zu names of classes, 1 to %d expected", words, SGAN_DATA_CLASSES);
	struct sgan_class *made = calloc(words, sizeof *made);
	if (!made)
		return sgan_fail(SGAN_ENOMEM, "no memory for the names of %zu classes", words);
	sgan_status status = take_words(list, between, first, made);
	if (status != SGAN_OK) {
		free(made);
		return status;
	}
	*classes = made;
	*count = words;
	return SGAN_OK;
}

sgan_status sgan_classes_numbered(size_t count, struct sgan_class **classes)
{
	struct sgan_class *made = calloc(count, sizeof *made);
	if (!made)
		return sgan_fail(SGAN_ENOMEM, "no memory for the names of %zu classes", count);
	for (uint32_t i = 0; i < count; i++) {
		made[i].number = i;
		snprintf(made[i].name, sizeof made[i].name, "%" PRIu32, made[i].number);
	}
	*classes = made;
	return SGAN_OK;
}
