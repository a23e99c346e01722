/* Every kind of mistake in a preset is told, with file and line. */
#include "tests/preset_loading.h"

TestSuite(preset_mistakes, .init = temporary_make, .fini = temporary_remove);

static void expect_error(const char *name, const char *const *settings, size_t count, const char *message)
{
	struct sgan_preset *preset = NULL;
	sgan_status status = sgan_preset_load(name, settings, count, &preset);
	cr_expect_eq(status, SGAN_EINVAL, "'%s' expected, status is %d", message, status);
	cr_expect_null(preset);
	if (status != SGAN_OK)
		cr_expect(strstr(sgan_last_error(), message), "'%s' expected in '%s'", message, sgan_last_error());
	cr_expect_null(strchr(sgan_last_error(), '\n'));
}

/* Lines laid over the MNIST preset, and what is said of them. Line 1 names the base. */
static const struct {
	const char *text, *message;
} mistakes[] = {
	{ "lr = ;", "p.cfg:2: syntax error" },
	{ "\n\nlr = 1.0; lr = 2.0;", "p.cfg:4: duplicate setting name" },
	{ "learning = 1;", "p.cfg:2: unknown key 'learning'" },
	{ "joint: {\n lrr = 1; };", "p.cfg:3: joint: unknown key 'lrr'" },
	{ "joint: { layers = (); };", "p.cfg:2: joint: unknown key 'layers'" },
	{ "joint = 3;", "p.cfg:2: joint must be a group" },
	{ "lr = \"fast\";", "p.cfg:2: 'lr' is \"fast\", expected a number" },
	{ "lr = true;", "p.cfg:2: 'lr' is true" },
	{ "lr = 0;", "p.cfg:2: 'lr' is 0" },
	{ "lr = -1e-3;", "p.cfg:2: 'lr' is -0.001" },
	{ "lr = 1e999;", "p.cfg:2: 'lr' is inf" },
	{ "beta1 = 1.0;", "p.cfg:2: 'beta1' is 1, expected a number of at least 0, at most 0.9999999" },
	{ "ema = 1;", "p.cfg:2: 'ema' is 1, expected a number of at least 0, at most 0.9999999" },
	{ "epochs = 0;", "p.cfg:2: 'epochs' is 0" },
	{ "epochs = -5;", "p.cfg:2: 'epochs' is -5" },
	{ "epochs = 2.5;", "p.cfg:2: 'epochs' is 2.5" },
	{ "epochs = 4294967297;", "p.cfg:2: 'epochs' is 4294967297" }, /* 1 in 32 bits */
	{ "epochs = 0x100000001;", "p.cfg:2: 'epochs' is 4294967297" },
	{ "# 99999999999999999999\nepochs = 99999999999999999999;", "p.cfg:3: integer 99999999999999999999 is out" },
	{ "steps = 1000000001;", "p.cfg:2: 'steps' is 1000000001" },
	{ "batch = 65537;", "p.cfg:2: 'batch' is 65537" },
	{ "batch = 3;", "batch 3 is smaller than slices" },
	{ "slices = 1; batch = 1;", "independent: batch 1 cannot be normalised" },
	{ "slices = 1; joint: { batch = 1; };", "joint: batch 1 cannot be normalised" },
	{ "seed = -1;", "p.cfg:2: 'seed' is -1" },
	{ "stage = \"later\";", "p.cfg:2: 'stage' is \"later\", expected one of \"encoder\"" },
	{ "init = \"uniform\";", "p.cfg:2: 'init' is \"uniform\"" },
	{ "name = \"../escape\";", "p.cfg:2: 'name' is \"../escape\"" },
	{ "name = \"\";", "p.cfg:2: 'name' is \"\"" },
	{ "name = \"a-name-that-does-not-fit-32-bytes\";", "p.cfg:2: 'name' is" },
	{ "classes = 0;", "p.cfg:2: 'classes' is 0, expected an integer from 1 to 10000, or \"data\"" },
	{ "classes = 10001;", "p.cfg:2: 'classes' is 10001, expected an integer from 1 to 10000, or \"data\"" },
	{ "classes = \"ten\";", "p.cfg:2: 'classes' is \"ten\", expected an integer" },
	{ "image = [ 28, 28 ];", "p.cfg:2: 'image' is a list, expected [ channels ] or [ height" },
	{ "image = [ 28, 28, 0 ];", "p.cfg:2: 'shape' is 0" },
	{ "image = [ 1, 28, 100 ];", "p.cfg:2: 'image' has 100 channels, expected 1 to 64" },
	{ "image = [ 28, 28, 2 ];", "encoder: its input is [ 28, 28, 1 ], 'image' is [ 28, 28, 2 ]" },
	{ "image = [ 32, 28, 1 ];", "encoder: its input is [ 28, 28, 1 ], 'image' is [ 32, 28, 1 ]" },
	{ "bn_epsilon = 0;", "p.cfg:2: 'bn_epsilon' is 0" },
	{ "stacks = 1;", "p.cfg:2: stacks must be a list of up to 16 groups" },
	{ "stacks = (); stage = \"joint\";", "p.cfg:2: 'stage' is \"joint\", but there are no stacks" },
	{ "stacks = (); independent: { lambda = 1; };", "p.cfg:2: independent: unknown key 'lambda'" },
	{ "stacks = (); joint: { epochs = 1; };", ": joint: settings of a stage that is not there" },
	{ "stacks = ( 3 );", "p.cfg:2: stack 0 must be a group" },
	{ "stacks = ( {\n cut = \"fc3\"; } );", "p.cfg:2: stack 0: key 'condition' is missing" },
	{ "encoder: { layers = (); };", "p.cfg:2: encoder must be a list of 1 to" },
	{ "encoder: { layers = ( 1 ); };", "p.cfg:2: encoder: layer 0 must be a group" },
	{ "encoder: { layers = (\n{ name = \"x\"; } ); };", "p.cfg:3: encoder: layer 'x': key 'type' is missing" },
	{ "encoder: { layers = (\n{ type = \"input\"; } ); };", "p.cfg:3: encoder: layer 0: key 'name' is missing" },
	{ "encoder: { layers = (\n{ type = \"gru\"; } ); };", "p.cfg:3: encoder: layer 0: 'type' is \"gru\"" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"conv\"; name = \"c\"; out = 3;\n kernal = 5; } ); };",
	  "p.cfg:5: encoder: layer 'c': unknown key 'kernal'" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"conv\"; name = \"c\"; out = 3; } ); };",
	  "p.cfg:4: encoder: layer 'c': key 'kernel' is missing" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"maxpool\"; name = \"m\"; kernel = 2; out = 3; } ); };",
	  "p.cfg:4: encoder: layer 'm': a layer of type \"maxpool\" takes no 'out'" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"dense\"; name = \"d\"; out = 3; bn = true; bias = true; } ); };",
	  "p.cfg:4: encoder: layer 'd': a layer with bn has no bias" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"conv\"; name = \"c\"; out = 3; kernel = 40; } ); };",
	  "p.cfg:4: encoder: layer 'c': takes 28x28x1 from 'x', but kernel 40 with pad 0 expects a height and width of at "
	  "least 40" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"dense\"; name = \"x\"; out = 3; } ); };",
	  "p.cfg:4: encoder: layer 'x': the name is taken" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"noise\"; name = \"n\"; } ); };",
	  "p.cfg:4: encoder: layer 'n': key 'sigma' is missing" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"dropout\"; name = \"d\"; rate = 1.0; } ); };",
	  "p.cfg:4: encoder: layer 'd': 'rate' is 1, expected" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"avgpool\"; name = \"a\"; kernel = 2; } ); };",
	  "p.cfg:4: encoder: layer 'a': a layer of type \"avgpool\" takes no 'kernel'" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"dense\"; name = \"d\"; out = \"classes\"; shape = [ 2, 2, 1 ]; } ); };",
	  "p.cfg:4: encoder: layer 'd': takes 28x28x1 from 'x' and gives \"classes\" values, but 'shape' is 2x2x1" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"concat\"; name = \"c\"; from = [ \"x\", \"x\" ]; } ); };",
	  "p.cfg:4: encoder: layer 'c': takes 28x28x1 from 'x' and 28x28x1 from 'x', but only vectors" },
	{ "encoder: { layers = (\n{ type = \"input\"; name = \"x\"; shape = [ 28, 28, 1 ]; },\n"
	  "{ type = \"dense\"; name = \"d\"; out = \"classes\"; } ); };",
	  "2 stacks expect as many layers behind the encoder's input, it has 1" },
	{ "generator_steps = [ 1, 3 ];", "encoder: 'generator_steps' has 2 numbers and 'generator_steps_above' 0" },
	{ "generator_steps = [ 1, 3, 5 ];\ngenerator_steps_above = [ 0.3, 0.5 ];",
	  "'generator_steps_above' has 0.5 behind 0.3, expected numbers that fall" },
	{ "generator_steps = [ ];", "p.cfg:2: 'generator_steps' is a list, expected a number or a list of 1 to 8 numbers" },
	{ "generator_steps = [ 1, 2, 3, 4, 5, 6, 7, 8, 9 ];", "expected a number or a list of 1 to 8 numbers" },
	{ "generator_steps = { };", "p.cfg:2: 'generator_steps' is a group" },
	{ "generator_steps = [ 1.5 ];", "p.cfg:2: 'generator_steps' is 1.5, expected an integer from 0 to 1000" },
	{ "generator_steps_above = [ -1.0 ];", "p.cfg:2: 'generator_steps_above' is -1, expected a number" },
	{ "lambda_below = -1.0;", "p.cfg:2: 'lambda_below' is -1" },
	{ "remove = 3;", "p.cfg:2: remove must be a list, [ \"path\", ... ]" },
	{ "remove = [ \"stacks.[2]\" ];", "p.cfg:2: remove stacks.[2]: no element [2], the list has 2" },
	{ "remove = [ \"stacks.[0].generator.fc9\" ];",
	  "p.cfg:2: remove stacks.[0].generator.fc9: nothing in the list is called 'fc9'" },
	{ "remove = [ \"dropout\" ];", "p.cfg:2: remove dropout: the base has no 'dropout' there" },
	{ "remove = [ \"\" ];", "p.cfg:2: remove : not a path" },
	{ "remove = [ \"joint..lr\" ];", "p.cfg:2: remove joint..lr: not a path" },
	{ "set = [ \"stacks.[0].generator.fc9.out=3\" ];", "nothing in the list is called 'fc9'" },
	{ "on = 3;", "p.cfg:2: 'on' must be a preset's name or file, in quotes" },
	{ "on = \"paintings\";", "preset 'paintings' is unknown" },
	{ "set = 3;", "p.cfg:2: set must be a list" },
	{ "set = [ ];", "p.cfg:2: set must be a list" },
	{ "set = [ 3 ];", "p.cfg:2: set: element 0 is not a string" },
	{ "set = (\n\"lr=1e-3\", \"lr\" );", "p.cfg:3: set lr: not of the form key=value" },
	{ "set = [ \"stacks.[7].cut=fc3\" ];", "p.cfg:2: set stacks.[7].cut=fc3: no element [7]" },
	{ "set = [ \"stacks.[0].lambda_ent=-1\" ];", "p.cfg:2: set stacks.[0].lambda_ent=-1: stack 0: 'lambda_ent' is" },
	{ "@include \"/etc/passwd\"", "p.cfg:2: '@' is not part of a preset" },
	{ "base = 3;", "duplicate setting name" },
};

Test(preset_mistakes, of_lines)
{
	char text[1024];
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		snprintf(text, sizeof text, "base = \"mnist\";\n%s\n", mistakes[i].text);
		put_text("p.cfg", text);
		expect_error(in_temporary("p.cfg"), NULL, 0, mistakes[i].message);
	}
}

/* Settings for all stacks that none of them would see. */
Test(preset_mistakes, of_settings_that_do_nothing)
{
	static const char *const common[] = { "adversarial=saturating" }, *const stage[] = {
		"joint.adversarial=saturating"
	};
	static const char *const one[] = { "stacks.[0].lambda_ent=1", "lambda_ent=2" };
	static const char *const both[] = { "stacks.[0].lambda_ent=1", "stacks.[1].lambda_ent=1", "lambda_ent=2" };
	static const char *const of_stage[] = { "stacks.[0].joint.lambda_ent=1", "stacks.[1].joint.lambda_ent=1",
		                                    "joint.lambda_ent=2" };
	static const char *const other_stage[] = { "stacks.[0].joint.lambda_ent=1", "stacks.[1].joint.lambda_ent=1",
		                                       "lambda_ent=2" };
	struct sgan_preset *p;
	expect_error(
		"cifar10", common, 1,
		"--set adversarial=saturating: it would do nothing, each of the 2 stacks has 'adversarial' of its own; set "
		"stacks.[0].adversarial and so on");
	expect_error("cifar10", stage, 1, "--set joint.adversarial=saturating: it would do nothing");
	expect_error("mnist", both, 3, "--set lambda_ent=2: it would do nothing");
	expect_error("mnist", of_stage, 3, "--set joint.lambda_ent=2: it would do nothing");
	cr_assert_eq(sgan_preset_load("mnist", one, 2, &p), SGAN_OK, "one stack sees it");
	sgan_preset_free(p);
	cr_assert_eq(sgan_preset_load("mnist", other_stage, 3, &p), SGAN_OK, "the other stage sees it");
	sgan_preset_free(p);
}

Test(preset_mistakes, of_settings)
{
	static const char *const settings[][2] = {
		{ "joint.lrr=1", "--set joint.lrr=1: joint: unknown key 'lrr'" },
		{ "paint.lr=1", "--set paint.lr=1: unknown key 'paint'" },
		{ "lr", "--set lr: not of the form key=value" },
		{ "=1", "--set =1: not of the form key=value" },
		{ "lr=", "--set lr=: the value is not" },
		{ "lr=1; beta1=0.1", "the value is not" },
		{ "lr={ a = 1; }", "the value is not" },
		{ "lr=[ 1 ]", "the value is not" },
		{ "lr=99999999999999999999", "--set lr=99999999999999999999: integer" },
		{ "lr=@include", "--set lr=@include: '@' is not part" },
		{ "joint=1", "--set joint=1: the key stands for several values" },
		{ "stacks.[2].cut=fc3", "--set stacks.[2].cut=fc3: no element [2], the list has 2" },
		{ "stacks.[-1].cut=fc3", "the key is not a path" },
		{ "stacks.cut=fc3", "nothing in the list is called 'cut'" },
		{ "lr.[0]=1", "[0] of what is not a list" },
		{ "lr.x=1", "'x' of what is not a group" },
		{ "image.[0]=word", "element [0] is of another type" },
		{ "joint..lr=1", "the key is not a path" },
		{ "joint.=1", "the key is not a path" },
		{ "base=mnist", "--set base=mnist: unknown key 'base'" },
		{ "stacks.[0].cut=conv9",
		  "stack 0: cut 'conv9' is no layer of the encoder: expected one of conv1, pool1, conv2, pool2, fc3" },
		{ "stacks.[1].cut=fc3", "stack 1: cut 'fc3' does not lie behind the cut of the stack below: expected fc4" },
		{ "stacks.[0].condition=cross_entropy", "stack 0: 'condition' must be \"squared_error\"" },
		{ "stacks.[1].condition=squared_error", "stack 1: 'condition' must be \"cross_entropy\"" },
		{ "stacks.[0].generator.[0].shape.[0]=255",
		  "g0: layer 'h' takes 255 values, expected 256 values, as the encoder's 'fc3'" },
		{ "stacks.[1].discriminator.[0].name=x", "d1: input 'x' is unknown, expected 'h'" },
		{ "stacks.[0].generator.[8].out=2",
		  "g0: layer 'deconv4' takes 24x24x64 from 'deconv3' and gives 28x28x2, expected 28x28x1, as 'image' says" },
		{ "stacks.[1].discriminator.[0].shape.[0]=255",
		  "d1: layer 'h' takes 255 values, expected 256 values, as the encoder's 'fc3'" },
		{ "stacks.[1].discriminator.[3].out=2",
		  "d1: layer 'd' takes 256 values from 'fc2' and gives 2 values, expected 1 value, one logit" },
		{ "stacks.[1].discriminator.[4].out=49",
		  "d1: layer 'q' takes 256 values from 'fc2' and gives 49 values, expected 50 values, as many" },
		{ "stacks.[1].discriminator.[3].act=sigmoid", "d1: layer 'd' is a logit" },
		{ "encoder.layers.[6].act=relu", "takes no 'act'" },
		{ "lr_end=-1", "'lr_end' is -1, expected a number of at least 0" },
		{ "encoder.flip=1", "--set encoder.flip=1: encoder: 'flip' is 1, expected true or false" },
		{ "encoder.shift=-1", "--set encoder.shift=-1: encoder: 'shift' is -1, expected an integer from 0" },
		{ "encoder.shift=28",
		  "--set encoder.shift=28: encoder: 'shift' is 28, which leaves nothing of images of 28x28" },
		{ "joint.flip=true", "--set joint.flip=true: joint: unknown key 'flip'" },
		{ "encoder.ema=0.9",
		  "--set encoder.ema=0.9: encoder: 'ema' means nothing here, the first stage that has it is" },
		{ "encoder.generator_steps_above=0.5", "encoder: 'generator_steps_above' means nothing here" },
		{ "encoder.generator_steps=3", "encoder: 'generator_steps' means nothing here" },
		{ "encoder.lambda_ent=3", "encoder: 'lambda_ent' means nothing here" },
		{ "independent.lambda_below=0.1",
		  "independent: 'lambda_below' means nothing here, the first stage that has it is joint" },
	};
	for (size_t i = 0; i < COUNT(settings); i++)
		expect_error("mnist", &settings[i][0], 1, settings[i][1]);
}

/* Layers that do not fit: which, what came in, what was expected. */
Test(preset_mistakes, of_shapes)
{
	static const char *const settings[][2] = {
		{ "stacks.[0].generator.fc.out=2000",
		  "g0: layer 'fc': takes 384 values from 'hz' and gives 2000 values, but 'shape' is 4x4x128: as many values "
		  "expected" },
		{ "encoder.layers.conv1.kernel=50",
		  "encoder: layer 'conv1': takes 28x28x1 from 'x', but kernel 50 with pad 0 expects a height and width of at "
		  "least 50" },
		{ "encoder.layers.conv1.pad=5", "layer 'conv1': kernel 5, stride 1, pad 5: 1 to 4096, 1 to 4096, less than" },
		{ "encoder.layers.pool2.kernel=9",
		  "encoder: layer 'pool2': takes 8x8x32 from 'conv2', but kernel 9 expects a height and width of at least 9" },
		{ "encoder.layers.pool2.kernel=16", "encoder: layer 'pool2': kernel 16, 1 to 15 expected" },
		{ "stacks.[0].generator.deconv1.out_pad=2",
		  "g0: layer 'deconv1': out_pad 2, less than the stride, 2, expected" },
		{ "stacks.[0].generator.deconv3.kernel=7",
		  "g0: layer 'deconv4' takes 26x26x64 from 'deconv3' and gives 30x30x1, expected 28x28x1, as 'image' says" },
		{ "stacks.[0].generator.hz.from.[0]=deconv9", "g0: layer 'hz': its source 'deconv9' is not a layer before it" },
		{ "stacks.[1].generator.h.shape=9", "'shape' is 9, expected" },
		{ "stacks.[1].generator.fc3.out=255", "g1: layer 'fc3' takes 512 values from 'fc2' and gives 255 values, "
		                                      "expected 256 values, as the encoder's 'fc3'" },
		{ "stacks.[0].cut=x", "stack 0: cut 'x' is the encoder's input: expected one of conv1, pool1, conv2" },
		{ "stacks.[0].cut=fc4",
		  "stack 0: cut 'fc4' leaves too few layers for the stacks above: expected one of conv1" },
		{ "stacks.[1].cut=fc9", "stack 1: cut 'fc9' is no layer of the encoder: expected fc4" },
	};
	for (size_t i = 0; i < COUNT(settings); i++)
		expect_error("mnist", &settings[i][0], 1, settings[i][1]);
	static const char *const above[] = { "stacks.[0].cut=pool2", "stacks.[1].cut=fc3" };
	expect_error("mnist", above, 2,
	             "stack 1: cut 'fc3' is not the encoder's last layer, as the top stack's must be: expected fc4");
}

Test(preset_mistakes, of_losses)
{
	static const char *const settings[][2] = {
		{ "stacks.[0].discriminator_loss=hinge",
		  "stack 0: 'discriminator_loss' is \"hinge\", expected one of \"binary\"" },
		{ "stacks.[0].lambda_below=0.1", "stack 0: 'lambda_below' means nothing here, there is no stack below" },
		{ "stacks.[0].joint.lambda_below=0.1", "stack 0: joint: 'lambda_below' means nothing here, there is no stack" },
		{ "stacks.[1].independent.lambda_below=0.1",
		  "stack 1: independent: 'lambda_below' means nothing here, it is of the joint stage" },
		{ "stacks.[1].adversarial=wgan", "stack 1: 'adversarial' is \"wgan\", expected one of \"non_saturating\"" },
		{ "stacks.[0].discriminator_loss=binary", "and gives \"classes\" values, expected 1 value, one logit" },
		{ "stacks.[1].discriminator.[6].out=9",
		  "and gives 9 values, expected \"classes\" values, a logit for each class" },
		{ "stacks.[1].discriminator.[6].act=relu", "d1: layer 'd' is logits and takes no 'act'" },
		{ "stacks.[0].discriminator.[1].sigma=-1", "d0: layer 'noise': 'sigma' is -1, expected a number" },
		{ "stacks.[0].discriminator.[1].joint.sigma=-1", "d0: layer 'noise': joint: 'sigma' is -1, expected a number" },
		{ "stacks.[0].discriminator.[1].joint.rate=0.1", "d0: layer 'noise': joint: unknown key 'rate'" },
		{ "stacks.[0].discriminator.[2].joint.rate=0.1",
		  "d0: layer 'conv1': a layer of type \"conv\" takes no 'joint'" },
		{ "stacks.[0].encoder.lambda_adv=1", "stack 0: unknown key 'encoder'" },
		{ "stacks.[0].joint.lr=1", "stack 0: joint: unknown key 'lr'" },
		{ "stacks.[0].lambda_ent=-1", "stack 0: 'lambda_ent' is -1, expected a number" },
		{ "stacks.[1].discriminator.[7].name=qq", "d1: it has no 'q', so lambda_ent must be 0 in stage independent" },
		{ "discriminator_init=lecun", "'discriminator_init' is \"lecun\", expected one of" },
	};
	for (size_t i = 0; i < COUNT(settings); i++)
		expect_error("cifar10", &settings[i][0], 1, settings[i][1]);
}

Test(preset_mistakes, of_names)
{
	char deep[4096] = "base = \"mnist\";\nlr = ";
	struct sgan_preset *preset = NULL;
	expect_error("paintings", NULL, 0, "preset 'paintings' is unknown, expected one of mnist");
	cr_expect_eq(sgan_preset_load(in_temporary("none.cfg"), NULL, 0, &preset), SGAN_EIO);
	cr_expect(strstr(sgan_last_error(), "none.cfg"), "%s", sgan_last_error());
	put_text("p.cfg", "base = \"none.cfg\";\n");
	cr_expect_eq(sgan_preset_load(in_temporary("p.cfg"), NULL, 0, &preset), SGAN_EIO);
	cr_expect(strstr(sgan_last_error(), "p.cfg:1: base: "), "%s", sgan_last_error());
	put_text("p.cfg", "base = \"paintings\";\n");
	expect_error(in_temporary("p.cfg"), NULL, 0, "preset 'paintings' is unknown");
	put_text("p.cfg", "base = \"q.cfg\";\n");
	put_text("q.cfg", "\nbase = \"p.cfg\";\n");
	expect_error(in_temporary("p.cfg"), NULL, 0, "or one that leads back to itself");
	put_text("p.cfg", "name = \"alone\";\n");
	expect_error(in_temporary("p.cfg"), NULL, 0, "p.cfg: key 'image' is missing");
	put_text("p.cfg", "");
	expect_error(in_temporary("p.cfg"), NULL, 0, "p.cfg: key 'name' is missing");
	put_file("p.cfg", "lr = 1;\0", 8);
	expect_error(in_temporary("p.cfg"), NULL, 0, "NUL");
	for (int i = 0; i < 100; i++)
		strcat(deep, "( ");
	put_text("p.cfg", deep);
	expect_error(in_temporary("p.cfg"), NULL, 0, "p.cfg:");
}

Test(preset_mistakes, of_classes)
{
	static const struct {
		const char *setting, *message;
	} wrong[] = {
		{ "stacks.[1].discriminator.d.out=classes",
		  "d1: layer 'd' takes 256 values from 'fc2' and gives \"classes\" values, expected 1 value, one logit" },
		{ "encoder.layers.fc3.out=many", "'out' is \"many\", expected an integer from 1 to 65536, or \"classes\"" },
		{ "stacks.[1].generator.h.shape=9",
		  "'shape' is 9, expected [ channels ], [ height, width, channels ] or \"classes\"" },
		{ "stacks.[1].generator.h.shape=class", "'shape' is \"class\", expected [ channels ]" },
		{ "encoder.layers.fc4.out=20000", "encoder: layer 'fc4' takes 256 values from 'fc3' and gives 20000 values, "
		                                  "expected \"classes\" values, a score" },
	};
	struct sgan_preset *p = NULL;
	for (size_t i = 0; i < COUNT(wrong); i++)
		expect_error("mnist", &wrong[i].setting, 1, wrong[i].message);
	static const char *const two[] = { "classes=12", "encoder.layers.fc4.out=9" };
	expect_error("mnist", two, 2, "and gives 9 values, expected 12 values, a score for each class");
	cr_assert_eq(sgan_preset_load("mnist", NULL, 0, &p), SGAN_OK, "%s", sgan_last_error());
	cr_expect_eq(sgan_preset_settle(&p, 10001), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "'classes' is 10001, expected an integer from 1 to 10000"), "%s",
	          sgan_last_error());
	cr_expect_eq(p->classes, 0, "it stays as it was");
	sgan_preset_free(p);
}

Test(preset_mistakes, of_labels)
{
	static const char *const unknown[] = { "encoder.labels=colours" };
	static const char *const labelled[] = { "encoder.labels=rotations", "encoder.layers.fc4.out=4" };
	static const char *const wide[] = { "image.[1]=30", "encoder.layers.x.shape.[1]=30" };
	static const char *const scores_of_classes[] = { "encoder.layers.fc4.out=classes" };
	static const char *const of_classes[] = { "stacks.[1].discriminator_loss=classes" };
	expect_error("mnist", unknown, 1, "encoder: 'labels' is \"colours\", expected one of \"data\", \"rotations\"");
	expect_error("mnist", labelled, 2, "g1: it has the input 'h', the dataset's labels, but the encoder's are");
	expect_error("mnist-nolabels", wide, 2, "encoder: labels = \"rotations\" takes square images, 'image' has 28x30");
	expect_error("mnist-nolabels", scores_of_classes, 1,
	             "and gives \"classes\" values, expected 4 values, a score for each rotation");
	expect_error("mnist-nolabels", of_classes, 1, "stack 1: 'discriminator_loss' is \"classes\", which takes");
}

/* The encoder has no batch norm, so one image is a batch for it; for generators that have it, it is none. */
Test(preset_mistakes, a_batch_of_one)
{
	static const char *const settings[] = { "slices=1", "encoder.batch=1" };
	struct sgan_preset *p = load("mnist", settings, COUNT(settings));
	cr_expect_eq(p->stages[SGAN_STAGE_ENCODER].batch, 1);
	sgan_preset_free(p);
	static const char *const normalised[] = { "slices=1", "encoder.batch=1", "encoder.layers.[5].bn=true" };
	expect_error("mnist", normalised, COUNT(normalised), "encoder: batch 1 cannot be normalised");
}

/* Text out of a model file is complete, and no reason to read other files. */
Test(preset_mistakes, text_has_no_base)
{
	struct sgan_preset *preset = NULL;
	cr_expect_eq(sgan_preset_parse("model", "base = \"mnist\";\n", &preset), SGAN_EINVAL);
	cr_expect_str_eq(sgan_last_error(), "model:1: unknown key 'base'");
	cr_expect_null(preset);
}
