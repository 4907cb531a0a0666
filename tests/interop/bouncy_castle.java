// Verifies detached signatures with BouncyCastle: java -cp … bouncy_castle.java MANIFEST, one "content signature root" a line, separated by tabs.
// Prints "ok" or "no: reason" for each line.

import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.tsp.TimeStampToken;

class BouncyCastle {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] files = line.split("\t");
            try {
                verify(files[0], files[1], files[2]);
                System.out.println("ok");
            } catch (Exception | AssertionError error) {
                System.out.println("no: " + String.valueOf(error.getMessage()).replace('\n', ' '));
            }
        }
    }

    static void verify(String content, String signature, String root) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509", "BC");
        X509Certificate authority;
        try (FileInputStream in = new FileInputStream(root)) {
            authority = (X509Certificate) factory.generateCertificate(in);
        }
        byte[] bytes = Files.readAllBytes(Path.of(content));
        CMSSignedData cms = new CMSSignedData(new CMSProcessableByteArray(bytes), Files.readAllBytes(Path.of(signature)));
        Collection<SignerInformation> signers = cms.getSignerInfos().getSigners();
        require(signers.size() == 1, "one signer");
        for (SignerInformation signer : signers) {
            Collection<X509CertificateHolder> named = cms.getCertificates().getMatches(signer.getSID());
            X509CertificateHolder holder = named.iterator().next();
            X509Certificate certificate = new JcaX509CertificateConverter().setProvider("BC").getCertificate(holder);
            certificate.verify(authority.getPublicKey(), "BC");
            require(signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(certificate)), "the signature");
            Attribute ess = signer.getSignedAttributes().get(PKCSObjectIdentifiers.id_aa_signingCertificateV2);
            ESSCertIDv2 id = SigningCertificateV2.getInstance(ess.getAttributeValues()[0]).getCerts()[0];
            MessageDigest digest = MessageDigest.getInstance(id.getHashAlgorithm().getAlgorithm().getId(), "BC");
            require(MessageDigest.isEqual(digest.digest(holder.getEncoded()), id.getCertHash()), "the certificate's hash");
            Attribute stamp = signer.getUnsignedAttributes() == null
                ? null
                : signer.getUnsignedAttributes().get(PKCSObjectIdentifiers.id_aa_signatureTimeStampToken);
            if (stamp != null) {
                byte[] encoded = stamp.getAttributeValues()[0].toASN1Primitive().getEncoded();
                TimeStampToken token = new TimeStampToken(new CMSSignedData(encoded));
                String algorithm = token.getTimeStampInfo().getMessageImprintAlgOID().getId();
                byte[] imprint = MessageDigest.getInstance(algorithm, "BC").digest(signer.getSignature());
                require(MessageDigest.isEqual(imprint, token.getTimeStampInfo().getMessageImprintDigest()), "the imprint");
            }
        }
    }

    static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what + " does not hold");
        }
    }
}
